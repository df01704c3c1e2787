"""HL7 v2 over MLLP: does it answer a stranger.

At level 1 an empty block, which nobody can file. At level 2 a message that is only an MSH, without a type: every
receiver owes it an acknowledgement (HL7 v2.5 §2.9.2) and none can file it, since it says of nobody anything.
Never an ADT, an order, a result or a query.
"""

from __future__ import annotations

import re
from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Hl7Facts, Sighting, Try, Verdict
from leadglass.survey.probe import Caller, Chance, Probe
from leadglass.survey.probes.dialogue import STRANGER, Dialogue, Opening, opening, spoken
from leadglass.survey.target import Target

__all__ = ["EmptyBlock", "EmptyMessage", "probe_hl7"]

HOW: Final = "MLLP"
_START: Final = b"\x0b"
_END: Final = b"\x1c"
_CONTROL_ID: Final = 12
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9 ._@:/+-]")
_CODE: Final = re.compile(rb"[0-9]{3}")
_ACCEPTED: Final = frozenset({"AA", "CA", "AE", "CE"})
_OF_OUR_MESSAGE: Final = range(100, 204)
"""Table 0357: what is wrong with a message itself. Whoever says that has read it."""


class EmptyBlock(Dialogue):
    """`<VT><FS><CR>`: some acknowledge even that."""

    kind: ClassVar[str] = "hl7 empty block"

    def __init__(self) -> None:
        super().__init__()
        self.acknowledgement = ""
        """MSA-1; "" if none came."""
        self.error = 0
        """The code of ERR, 0 if there is none."""

    def begin(self) -> bytes:
        return _START + _END + b"\r"

    def _cut(self, buffer: bytearray) -> bytes | None:
        if not buffer.startswith(_START):
            return STRANGER if buffer else None
        end = buffer.find(_END)
        if end < 0:
            return None
        block = bytes(buffer[: end + 1])
        del buffer[: end + (2 if buffer[end + 1 : end + 2] == b"\r" else 1)]
        return block

    def _answer(self, message: bytes) -> bytes:
        self.is_spoken = True
        self.acknowledgement, self.error = _read(message)
        self.is_over = True
        return b""

    def _kept(self, message: bytes) -> bytes:
        code, error = _read(message)
        segments = ["MSH|^~\\&", *([f"MSA|{code}"] if code else []), *([f"ERR|||{error}"] if error else [])]
        return _START + "\r".join(segments).encode("ascii") + _END + b"\r"


class EmptyMessage(EmptyBlock):
    """An MSH that says who we are, and of nobody anything."""

    kind = "hl7 empty message"
    level = Level.ACCESS

    def __init__(self, caller: Caller, control_id: str) -> None:
        super().__init__()
        application, contact = _UNSAFE.sub("", caller.calling_ae_title), _UNSAFE.sub("", caller.contact)
        self._message = f"MSH|^~\\&|{application}|{contact}||||||{control_id}|T|2.5\r"

    def begin(self) -> bytes:
        return _START + self._message.encode("ascii") + _END + b"\r"


def probe_hl7(target: Target, caller: Caller, chance: Chance) -> Probe:
    """Hl7Facts, and whether a stranger's message is read."""
    found: Opening[EmptyBlock]
    if target.level < Level.ACCESS:
        found = yield from opening(EmptyBlock)
    else:
        control_id = chance.word(_CONTROL_ID)
        found = yield from opening(lambda: EmptyMessage(caller, control_id))
    talk = found.talk
    return Sighting(
        ending=found.ending,
        tries=(*spoken(talk, HOW, found.ending), *_entered(talk)),
        facts=Hl7Facts(acknowledgement=talk.acknowledgement) if talk.is_spoken else None,
        handshakes=found.handshakes,
        speaks_tls=found.speaks_tls,
    )


def _entered(talk: EmptyBlock) -> tuple[Try, ...]:
    """Whoever accepts our message, or says what is wrong with it, reads what strangers send."""
    if not talk.acknowledgement:
        return ()
    is_read = talk.acknowledgement in _ACCEPTED or talk.error in _OF_OUR_MESSAGE
    code = f"{talk.acknowledgement} {talk.error}" if talk.error else talk.acknowledgement
    return (Try(act=Act.ENTER, how=HOW, verdict=Verdict.OPEN if is_read else Verdict.UNCLEAR, code=code),)


def _read(block: bytes) -> tuple[str, int]:
    """MSA-1 if it is one of table 0008, and the first code of the ERR segment (ERR-3, or within ERR-1 before v2.5)."""
    acknowledgement, error = "", 0
    for segment in re.split(rb"[\r\n]+", block[1:-1]):
        fields = segment.split(segment[3:4] or b"|")
        if fields[0] == b"MSA" and len(fields) > 1 and fields[1] in (b"AA", b"AE", b"AR", b"CA", b"CE", b"CR"):
            acknowledgement = fields[1].decode("ascii")
        elif fields[0] == b"ERR" and not error:
            codes = [part for field in (fields[3:4] + fields[1:2]) for part in re.split(rb"[\^&]", field)]
            error = next((int(code) for code in codes if _CODE.fullmatch(code)), 0)
    return acknowledgement, error
