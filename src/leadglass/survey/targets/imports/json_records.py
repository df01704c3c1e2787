"""One object after another of a file that is JSON lines, a JSON array, an API's answer, or what masscan takes for JSON.

An object a line (with commas and brackets wherever a scanner put them) is read as it comes, whatever the size of the
file. A document that goes over several lines must fit `MAX_SCAN_DOCUMENT`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from leadglass.survey.targets.imports.faults import fault
from leadglass.terms.ceilings import MAX_SCAN_DOCUMENT, MAX_SCAN_RECORD

__all__ = ["records"]

_AROUND: Final = b" \t\r\n,"
_FINISHED: Final = frozenset({b"{finished:1}", b'{"finished":1}'})  # how masscan ends a file
_WRAPPINGS: Final = ("result", "hits", "matches")  # where the APIs of Censys and Shodan put their answers


def records(file: BinaryIO, name: str) -> Iterator[tuple[str, bytes]]:
    """Each object's bytes, with where it stands. UserFault if there is no object where one should be."""
    number = 0
    is_array = False
    while line := file.readline(MAX_SCAN_RECORD):
        number += 1
        text = line.strip(_AROUND)
        if text == b"[":
            is_array = True
        elif text in (b"", b"]", b"[]") or text.replace(b" ", b"") in _FINISHED:
            pass
        elif number == 1 and text.startswith(b"{") and text.endswith(b"}"):
            for item in _decoded(text, name, "line 1"):  # perhaps the whole answer of an API
                yield "line 1", item
        elif text.startswith((b"{", b"[{")) and text.endswith(b"}"):
            yield f"line {number}", text.removeprefix(b"[")
        elif text.startswith(b"{") and text.endswith(b"}]"):
            yield f"line {number}", text.removesuffix(b"]")
        elif text.startswith((b"{", b"[")):
            yield from _document((b"[" if is_array else b"") + line, file, name, number)
            return
        else:
            raise fault(name, f"line {number}", "it is no JSON object")


def _document(begun: bytes, file: BinaryIO, name: str, number: int) -> Iterator[tuple[str, bytes]]:
    rest = file.read(MAX_SCAN_DOCUMENT)
    if len(rest) == MAX_SCAN_DOCUMENT:
        raise fault(name, f"line {number}", "it is too large for one document: write an object a line")
    for count, item in enumerate(_decoded(begun + rest, name, f"from line {number} on"), 1):
        yield f"record {count}", item


def _decoded(text: bytes, name: str, where: str) -> list[bytes]:
    try:
        return _items(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise fault(name, where, "it is not JSON") from None


def _items(text: bytes) -> list[bytes]:
    if text.lstrip().startswith(b"["):
        return [bytes(item) for item in msgspec.json.decode(text, type=list[msgspec.Raw])]
    table = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    for key in _WRAPPINGS:
        if key in table:
            return _items(bytes(table[key]))
    return [text]
