"""A file of any known format: which one it is shows in its first bytes."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import msgspec

from leadglass.survey.targets.imports import censys, masscan, nmap, shadowserver, shodan
from leadglass.survey.targets.imports.faults import fault
from leadglass.survey.targets.imports.imported import Imported
from leadglass.survey.targets.imports.json_records import records
from leadglass.terms.ceilings import MAX_SCAN_RECORD
from leadglass.terms.errors import UserFault

__all__ = ["is_scan", "read_scan"]

_Reader: TypeAlias = Callable[[bytes, str, str], Iterator[Imported]]
_GZIP: Final = b"\x1f\x8b"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_KNOWN: Final = "Leadglass reads Nmap XML, JSON of masscan, Shodan and Censys, and CSV of Shadowserver, also as .gz."


def read_scan(path: Path) -> Iterator[Imported]:
    """The open ports in the file, as they are read. UserFault if the file, or a line of it, is none of the formats."""
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(2) == _GZIP
            raw.seek(0)
            if not is_packed:
                yield from _read(raw, path.name)
                return
            with closing(gzip.GzipFile(fileobj=raw)) as unpacked:
                yield from _read(io.BufferedReader(unpacked), path.name)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise UserFault(f"{path.name} is damaged: it cannot be unpacked", "Fetch it again.") from None
    except OSError as error:
        raise UserFault(f"{path} cannot be read: {error.strerror}", "Name a file with a scan.") from None


def is_scan(path: Path) -> bool:
    """Whether the file begins like one of the formats. False if it cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(4096).removeprefix(_BYTE_ORDER_MARK).lstrip()
    except OSError:
        return False
    # An IPv6 address with a port begins with a bracket too, and goes on without a quotation mark or brace.
    is_json = start.startswith(b"{") or (start.startswith(b"[") and start[1:].lstrip()[:1] in (b"{", b"]"))
    return start.startswith((_GZIP, b"<")) or is_json or _is_shadowserver(start)


def _is_shadowserver(start: bytes) -> bool:
    headings = start.split(b"\n", 1)[0].lower()
    return all(column.encode() in headings for column in shadowserver.COLUMNS)


def _read(file: BinaryIO, name: str) -> Iterator[Imported]:
    start = file.read(4096)
    file.seek(0)
    if start.startswith(_BYTE_ORDER_MARK):
        start = start[3:]
        file.seek(3)
    first = start.lstrip()
    if first.startswith(b"<"):
        return nmap.read(file, name)
    if first.startswith((b"{", b"[")):
        return _json(file, name)
    if _is_shadowserver(first):
        return shadowserver.read(_lines(file, name), name)
    raise UserFault(f"{name} is a scan in no format that is known here", _KNOWN)


def _lines(file: BinaryIO, name: str) -> Iterator[str]:
    number = 0
    while line := file.readline(MAX_SCAN_RECORD):
        number += 1
        if len(line) == MAX_SCAN_RECORD:
            raise fault(name, f"line {number}", f"it is longer than {MAX_SCAN_RECORD} bytes")
        yield line.decode("utf-8", "replace")


def _json(file: BinaryIO, name: str) -> Iterator[Imported]:
    found = records(file, name)
    first = next(found, None)
    if first is None:
        return
    reader = _reader_of(first[1], name, first[0])
    for where, record in chain([first], found):
        yield from reader(record, name, where)


def _reader_of(record: bytes, name: str, where: str) -> _Reader:
    try:
        keys = msgspec.json.decode(record, type=dict[str, msgspec.Raw]).keys()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise fault(name, where, "it is not JSON") from None
    if "ip_str" in keys:
        return shodan.read
    if "services" in keys or "protocols" in keys:
        return censys.read
    if "ip" in keys and keys & {"ports", "port"}:
        return masscan.read
    raise UserFault(f"{name} is JSON of no scanner that is known here", _KNOWN)
