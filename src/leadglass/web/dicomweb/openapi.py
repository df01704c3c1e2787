"""The OpenAPI 3.1 description of DICOMweb, drawn from the routes themselves so that it cannot lie."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from leadglass.web.dicomweb.route import Parameter, Route
from leadglass.web.problems import PROBLEM

__all__ = ["openapi"]

ROOT: Final = "/dicom-web"
_UID: Final = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)*$", "maxLength": 64}
_TEXT: Final = {"type": "string", "minLength": 1}
_UIDS: Final = frozenset({"study", "series", "instance"})
_NAME: Final = re.compile(r"\{(\w+)(?::\w+)?\}")
_EMPTY: Final = {"description": "Nothing to tell."}
_PROBLEM: Final = {
    "description": "Refused, or failed.",
    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_COMPONENTS: Final = {
    "securitySchemes": {
        "token": {"type": "http", "scheme": "bearer"},
        "certificate": {"type": "mutualTLS", "description": "The certificate of an enrolled device."},
    },
    "schemas": {
        "Problem": {
            "type": "object",
            "description": "RFC 9457.",
            "required": ["title", "status"],
            "properties": {
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "advice": {"type": "string"},
            },
        }
    },
}


def openapi(routes: Iterable[Route]) -> dict[str, Any]:
    """The document, as plain values."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = ROOT + _NAME.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leadglass DICOMweb",
            "version": "PS3.18",
            "description": "What does not exist and what the caller may not see are answered alike: 404.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"certificate": []}],
        "paths": paths,
        "components": _COMPONENTS,
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.method.lower()} {route.path}",
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": _schema(name)}
                for name in _NAME.findall(route.path)
            ),
            *map(_query, route.parameters),
        ],
        "responses": _responses(route),
    }
    if route.takes:
        body = {"type": "string", "contentMediaType": "application/octet-stream"}
        operation["requestBody"] = {"required": True, "content": {kind: {"schema": body} for kind in route.takes}}
    return operation


def _schema(name: str) -> dict[str, Any]:
    return _UID if name in _UIDS else _TEXT


def _query(parameter: Parameter) -> dict[str, Any]:
    if parameter.name.startswith("{"):  # any name of a kind, such as the attributes to match on
        schema: dict[str, Any] = {"type": "object", "additionalProperties": {"type": parameter.schema}}
        return {
            "name": parameter.name.strip("{}"),
            "in": "query",
            "description": parameter.description,
            "style": "form",
            "explode": True,
            "schema": schema,
        }
    schema = {"type": parameter.schema}
    if parameter.is_repeatable:
        schema = {"type": "array", "items": schema}
    return {"name": parameter.name, "in": "query", "description": parameter.description, "schema": schema}


def _responses(route: Route) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": route.summary}
    if route.answers:
        answer["content"] = {media_type: {} for media_type in route.answers}
    statuses = {"200": answer, "default": _PROBLEM}
    if route.method == "POST":
        statuses |= {"202": answer, "409": answer}  # stored in part; nothing stored (PS3.18 §10.5.3)
    if route.method == "DELETE" or not route.answers:
        statuses |= {"204": _EMPTY}
    if route.method == "GET":
        statuses |= {"204": _EMPTY, "206": answer, "304": _EMPTY}
    return statuses
