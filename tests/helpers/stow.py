"""Store requests as a client makes them: bodies of many parts, and what their answers say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["BOUNDARY", "STOW", "failed", "form", "other_failures", "stored"]

BOUNDARY = "a-boundary-of-the-tests"
STOW = {"content-type": f'multipart/related; type="application/dicom"; boundary="{BOUNDARY}"'}
"""The header fields of a store request."""


def form(files: Iterable[bytes], content_type: str = "application/dicom") -> bytes:
    """The files as the body of a store request."""
    head = f"--{BOUNDARY}\r\nContent-Type: {content_type}\r\n\r\n".encode()
    return b"".join(head + file + b"\r\n" for file in files) + f"--{BOUNDARY}--\r\n".encode()


def stored(answer: Mapping[str, Any]) -> list[str]:
    """The SOP Instance UIDs that an answer acknowledges."""
    return [item["00081155"]["Value"][0] for item in _items(answer, "00081199")]


def failed(answer: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    """Reason and words for each SOP Instance UID that an answer says has failed."""
    return {item["00081155"]["Value"][0]: _reason(item) for item in _items(answer, "00081198")}


def other_failures(answer: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Reason and words for each part that named no instance."""
    return [_reason(item) for item in _items(answer, "0008119A")]


def _items(answer: Mapping[str, Any], sequence: str) -> list[Any]:
    return list(answer.get(sequence, {}).get("Value", ()))


def _reason(item: Mapping[str, Any]) -> tuple[int, str]:
    assert item["00990010"] == {"vr": "LO", "Value": ["LEADGLASS"]}
    return item["00081197"]["Value"][0], item["00991001"]["Value"][0]
