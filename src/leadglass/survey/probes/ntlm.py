"""The NTLM handshake of nobody ([MS-NLMP] §3.2.5.1.2), as SPNEGO carries it (RFC 4178)."""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["NTLM_HELLO", "ntlm_anonymous"]

_FLAGS: Final = 0x0008_0205  # Unicode, request target, NTLM, extended session security
_ANONYMOUS: Final = 0x0000_0800
_SIGNATURE: Final = b"NTLMSSP\0"
_OID_SPNEGO: Final = bytes.fromhex("06062b0601050502")
_OID_NTLM: Final = bytes.fromhex("060a2b06010401823702020a")
_PAYLOAD: Final = 64
"""Where an AUTHENTICATE_MESSAGE's fields point to: behind its flags."""


def ntlm_anonymous(workstation: str) -> bytes:
    """NegTokenResp with an AUTHENTICATE_MESSAGE (§2.2.1.3) of nobody, who sits at that workstation."""
    station = workstation.encode("utf-16-le")
    end = _PAYLOAD + len(station)
    # LM response (one zero byte: that is how a nameless one is told), NT response, domain, user, workstation, key
    fields = ((1, end), (0, end), (0, end), (0, end), (len(station), _PAYLOAD), (0, end))
    message = _SIGNATURE + struct.pack("<I", 3) + b"".join(struct.pack("<HHI", n, n, at) for n, at in fields)
    message += struct.pack("<I", _FLAGS | _ANONYMOUS) + station + b"\0"
    return _der(0xA1, _der(0x30, _der(0xA2, _der(0x04, message))))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


_NEGOTIATE: Final = _SIGNATURE + struct.pack("<II", 1, _FLAGS) + bytes(16)
NTLM_HELLO: Final = _der(
    0x60,
    _OID_SPNEGO + _der(0xA0, _der(0x30, _der(0xA0, _der(0x30, _OID_NTLM)) + _der(0xA2, _der(0x04, _NEGOTIATE)))),
)
"""NegTokenInit with a NEGOTIATE_MESSAGE (§2.2.1.1)."""
