"""Exceptions of handlers become answers; once an answer has begun, the connection is cut instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leadglass.terms.errors import LeadglassError
from leadglass.web.problems import NeedsHttp11, answer_to_fault

__all__ = ["Faults", "where"]

_OURS: Final = 500
"""From this status on it is we who failed."""


class Faults:
    """ASGI middleware. `report` is told of our own failures: the kind of the exception and where it was raised, never
    its values, which may be a patient's (law 6)."""

    def __init__(self, app: ASGIApp, report: Callable[[str], None]) -> None:
        self._app = app
        self._report = report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return  # nobody is left to be answered, and nothing of ours failed
        except Exception as fault:
            answer = answer_to_fault(fault)
            if answer.status_code >= _OURS and not isinstance(fault, NeedsHttp11):
                self._report(where(fault))
            if not has_begun:
                await answer(scope, receive, send)
            # else: returning without the last chunk makes uvicorn cut the connection, so half is not taken for all


def where(fault: Exception) -> str:
    """The kind of an exception and the line it came from."""
    if isinstance(fault, LeadglassError):
        return f"{type(fault).__name__}: {fault}"
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    at = f" at {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace is not None else ""
    return f"{type(fault).__name__}{at}"
