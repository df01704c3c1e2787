"""The vectors in tests/vectors/pdu: bytes of other programs and of an adversary, and what each must come to."""

from __future__ import annotations

from ast import literal_eval
from dataclasses import dataclass
from pathlib import Path

import pytest

from leadglass.dicom.upperlayer import decode_pdu, encode_pdu
from leadglass.dicom.upperlayer.encode import written_by_the_book
from leadglass.terms.errors import CeilingReached, PeerAnswer, PeerViolation

VECTORS = sorted((Path(__file__).parents[3] / "vectors" / "pdu").glob("*.txt"))


@dataclass(frozen=True)
class Vector:
    header: dict[str, str]
    data: bytes


def load(path: Path) -> Vector:
    head, _, text = path.read_text("utf-8").partition("\n\n")
    header = dict(line.split(": ", 1) for line in head.splitlines())
    return Vector(header, bytes.fromhex(text))


def field(pdu: object, path: str) -> object:
    """What `path` names; the vectors are ours, so this evaluates them."""
    names = {"len": len, **{name: getattr(pdu, name) for name in type(pdu).__dataclass_fields__}}  # type: ignore[attr-defined]
    return eval(path, {"__builtins__": {}}, names)


def answer_of(violation: PeerViolation) -> str:
    match violation.answer:
        case PeerAnswer(abort_reason=int(reason)):
            return f"abort {reason}"
        case PeerAnswer(reject=(result, source, reason)):
            return f"reject {result} {source} {reason}"
    raise AssertionError("no answer")


def test_the_vectors_are_there() -> None:
    assert len(VECTORS) >= 29
    named = {load(path).header["expect"] for path in VECTORS}
    pdus = {"AssociateRq", "AssociateAc", "AssociateRj", "PDataTf", "ReleaseRq", "ReleaseRp", "Abort"}
    assert named == pdus | {"violation", "ceiling"}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vector(path: Path) -> None:
    vector = load(path)
    header = vector.header
    if header["expect"] in ("violation", "ceiling"):
        with pytest.raises(PeerViolation) as caught:
            decode_pdu(vector.data)
        assert isinstance(caught.value, CeilingReached) is (header["expect"] == "ceiling")
        assert answer_of(caught.value) == header["answer"]
        return
    pdu = decode_pdu(vector.data)
    assert type(pdu).__name__ == header["expect"]
    assert encode_pdu(pdu) == vector.data
    assert (written_by_the_book(pdu) == vector.data) is (header.get("by-the-book") != "no")
    for name, value in header.items():
        if name.startswith("reads "):
            assert field(pdu, name.removeprefix("reads ")) == literal_eval(value), name
