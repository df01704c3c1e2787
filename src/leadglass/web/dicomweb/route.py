"""What a DICOMweb resource says of itself. Routing, OpenAPI, the capabilities document and the door matrix of the tests
are all drawn from these values, so no resource can be forgotten by one of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from leadglass.archive.archive import Archive, Caller
from leadglass.terms.principal import Action

__all__ = ["Handler", "Parameter", "Route"]

Handler = Callable[[Request, Archive, Caller], Awaitable[Response]]
"""Called only for somebody with a name. The path parameters `study`, `series` and `instance` are UIDs by then."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter, for the OpenAPI document."""

    name: str
    description: str
    schema: str = "string"  # or "integer"
    is_repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one resource, below the service root `/dicom-web`."""

    method: str
    path: str  # "/studies/{study}/series/{series}/metadata"
    handler: Handler
    action: Action  # what the gate is asked for
    summary: str  # one sentence
    answers: tuple[str, ...]  # media types that can be asked for, the default first
    takes: tuple[str, ...] = ()  # media types of a request body
    parameters: tuple[Parameter, ...] = ()
