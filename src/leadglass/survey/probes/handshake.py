"""A connection on which nothing is said: for what its TLS handshake shows."""

from __future__ import annotations

from typing import ClassVar

from leadglass.survey.conversation import Talk

__all__ = ["HandshakeTalk"]


class HandshakeTalk(Talk):
    """Over as soon as it begins."""

    kind: ClassVar[str] = "handshake"

    def begin(self) -> bytes:
        self.is_over = True
        return b""

    def receive(self, data: bytes) -> bytes:  # noqa: ARG002 - nothing is listened to
        return b""

    def reduced(self, heard: bytes) -> bytes:  # noqa: ARG002 - whatever it was
        return b""
