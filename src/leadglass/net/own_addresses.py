"""Which addresses this machine has."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Final

from leadglass.terms.ceilings import KIB

__all__ = ["own_addresses"]

_LOOPBACK: Final = ("127.0.0.1", "::1")
# rtnetlink(7)
_RTM_NEWADDR: Final = 20
_RTM_GETADDR: Final = 22
_NLM_F_REQUEST_DUMP: Final = 0x301
_NLMSG_DONE: Final = 3
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_HEADER: Final = struct.Struct("=IHHII")
_ADDRESS: Final = struct.Struct("=BBBBI")
_ATTRIBUTE: Final = struct.Struct("=HH")
_ROUND: Final = 4
_LENGTHS: Final = {int(socket.AF_INET): 4, int(socket.AF_INET6): 16}


def own_addresses() -> tuple[str, ...]:
    """Loopback and every address of every interface, numeric, each once; without IPv6's link-local ones."""
    found = _from_the_kernel() if hasattr(socket, "AF_NETLINK") else _by_name()
    usable = (address for address in found if not address.startswith(("127.", "fe80:", "0.")) and address != "::")
    loopback = _LOOPBACK if socket.has_ipv6 and _is_ours("::1") else _LOOPBACK[:1]
    return tuple(dict.fromkeys((*loopback, *usable)))


def _by_name() -> list[str]:
    """Where there is no netlink: what the host's own name means, as far as it is ours: names may be out of date."""
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [address for *_, place in found if _is_ours(address := str(place[0]).partition("%")[0])]


def _is_ours(address: str) -> bool:
    """Whether this machine would listen there."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as sock:
            sock.bind((address, 0))
    except OSError:
        return False
    return True


def _from_the_kernel() -> list[str]:
    """Linux lists them to anybody who asks."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
            request = _ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
            sock.send(_HEADER.pack(_HEADER.size + len(request), _RTM_GETADDR, _NLM_F_REQUEST_DUMP, 1, 0) + request)
            sock.settimeout(2)
            found: list[str] = []
            while True:
                messages = list(_messages(sock.recv(64 * KIB)))
                found.extend(address for kind, body in messages if kind == _RTM_NEWADDR for address in _address(body))
                if not messages or any(kind == _NLMSG_DONE for kind, _ in messages):
                    return found
    except OSError:
        return []


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size:
            return
        yield kind, data[at + _HEADER.size : at + length]
        at += _rounded(length)


def _address(body: bytes) -> Iterator[str]:
    """IFA_LOCAL is our own end of a point-to-point link, where IFA_ADDRESS is the other; IPv6 has only the latter."""
    family = body[0]
    by_kind: dict[int, bytes] = {}
    at = _ADDRESS.size
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size:
            break
        by_kind[kind] = body[at + _ATTRIBUTE.size : at + length]
        at += _rounded(length)
    value = by_kind.get(_IFA_LOCAL) or by_kind.get(_IFA_ADDRESS)
    if value and len(value) == _LENGTHS.get(family):
        yield socket.inet_ntop(family, value)


def _rounded(length: int) -> int:
    return (length + _ROUND - 1) // _ROUND * _ROUND
