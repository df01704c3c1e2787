"""Deleting a study for good. PS3.18 knows no such transaction; Orthanc, dcm4chee and the clouds offer it like this."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.deleting import delete, knows_of
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.web.dicomweb.route import Route
from leadglass.web.problems import NOT_FOUND, problem, refused

__all__ = ["ROUTES"]


async def _delete(request: Request, archive: Archive, caller: Caller) -> Response:
    """204. Whoever may neither see nor delete the study is told what somebody is told who asks for one that is not
    there; whoever sees it is told that it may not be deleted."""
    decision = await archive.gate.admit(caller.principal, Action.DELETE)
    if isinstance(decision, Refused):
        await archive.gate.refused(decision, caller.door, caller.address)
        return refused(decision)
    if request.headers.get("if-match", "*").strip() != "*":  # it compares strong tags only (RFC 9110 §13.1.1)
        return problem(412, "Precondition failed", "A study has no strong entity tag.", "Ask again without If-Match.")
    uid = request.path_params["study"]
    sees = await knows_of(archive, caller, uid)  # asked of every UID: what is hidden costs what is absent costs
    done = await delete(archive, caller, uid)
    if isinstance(done, Refused):
        return _may_not() if sees else NOT_FOUND()
    return NOT_FOUND() if done is None else Response(status_code=204)


async def _study_only(request: Request, archive: Archive, caller: Caller) -> Response:
    """A study has one key, and deleting means destroying it: a part of a study cannot be deleted for good."""
    del request, archive, caller
    return problem(
        501,
        "Not implemented",
        "Only whole studies can be deleted: a study's objects share the key that is destroyed.",
        "Delete the study, and store again what is to stay.",
    )


def _may_not() -> Response:
    return problem(403, "Forbidden", "You may see this study, but not delete it.", "Ask whoever grants access to it.")


ROUTES: Final = (
    Route("DELETE", "/studies/{study}", _delete, Action.DELETE, "Deletes a study for good.", ()),
    Route(
        "DELETE",
        "/studies/{study}/series/{series}",
        _study_only,
        Action.DELETE,
        "Refused: only whole studies can be deleted.",
        (),
    ),
    Route(
        "DELETE",
        "/studies/{study}/series/{series}/instances/{instance}",
        _study_only,
        Action.DELETE,
        "Refused: only whole studies can be deleted.",
        (),
    ),
)
