"""Invariant: whatever the data set, the JSON writer gives JSON of the DICOM model or refuses, in bounded time and size.

LEADGLASS_FUZZ_SECONDS=60 digs for a minute.
"""

from __future__ import annotations

import base64
import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.fuzzing import fuzz_for
from helpers.samples import all_samples, deflated, explicit, identifying, implicit, item, nested, sequence
from leadglass.dicom.json import BulkData, to_json
from leadglass.dicom.uids import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from leadglass.terms.errors import PeerViolation

SYNTAXES = (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
)
KNOWN = "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV"
VRS = (*KNOWN.split(" "), "ZZ", "AA")
_TAG = st.one_of(
    st.sampled_from((0x00080005, 0x00080006, 0x00080018, 0x00100010, 0x00280103, 0x00283002, 0x7FE00010, 0xFFFCFFFC)),
    st.sampled_from((0x00090010, 0x00091001, 0x00090000, 0x00281101, 0x00283006, 0x54000100, 0x60003000)),
    st.integers(0x00080000, 0xFFFFFFFF),
)
_TEXT = st.one_of(
    st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        (b"ISO_IR 192", b"ISO 2022 IR 87\\ISO 2022 IR 6", b"\\\\\\", b"=\\==", b"1e400", b"NaN", b"-inf", b"1e-400")
    ),
    st.sampled_from(
        (b"\x1b$B\x1b(B", b"</script>", b'"\\u0000', b"\xff\xfe", b"9" * 5000, b"-", b"+1_0", b"0x10", b"1_000")
    ),
    st.binary(max_size=40),
)
_BODY = st.recursive(
    _TEXT,
    lambda inner: st.one_of(
        st.builds(lambda tag, vr, body: explicit(tag, vr, body[:60_000]), _TAG, st.sampled_from(VRS), inner),
        st.builds(implicit, _TAG, inner),
        st.builds(
            lambda tag, body, d: sequence(tag, item(body, is_delimited=d), is_delimited=d), _TAG, inner, st.booleans()
        ),
        st.lists(inner, max_size=4).map(b"".join),
    ),
    max_leaves=15,
)
_DATA_SET = st.lists(
    st.one_of(
        st.builds(lambda tag, vr, body: explicit(tag, vr, body[:60_000]), _TAG, st.sampled_from(VRS), _BODY),
        st.sampled_from(identifying()),
        _BODY,
    ),
    max_size=8,
).map(b"".join)


def rendered(data: bytes, transfer_syntax: str, *, with_bulk: bool = False, **options: Any) -> Any:
    """The JSON, checked against the model (PS3.18 annex F), or None if the data set was refused."""
    bulk: list[BulkData] = []

    def uri(value: BulkData) -> str:
        bulk.append(value)
        return f"../bulkdata/{value.path}"

    try:
        text = to_json(data, transfer_syntax, bulk_data_uri=uri if with_bulk else None, **options)
    except PeerViolation as violation:
        told = violation
    else:
        text.decode("utf-8")
        parsed = json.loads(text, parse_constant=_no_constant)
        _check(parsed)
        assert all(re.fullmatch(r"[0-9A-F]{8}(/\d+/[0-9A-F]{8})*", value.path) for value in bulk)
        return parsed
    assert told.answer.status in (0xC000, 0xA900)
    return None


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def _check(data_set: Any) -> None:
    assert list(data_set) == sorted(data_set)
    for tag, attribute in data_set.items():
        assert re.fullmatch("[0-9A-F]{8}", tag)
        assert attribute["vr"] in KNOWN.split(" ")
        forms = attribute.keys() - {"vr"}
        assert forms in (set(), {"Value"}, {"InlineBinary"}, {"BulkDataURI"})
        if "InlineBinary" in forms:
            base64.b64decode(attribute["InlineBinary"], validate=True)
        if "Value" in forms:
            assert attribute["Value"]
            for value in attribute["Value"] if attribute["vr"] == "SQ" else ():
                _check(value)


@fuzz_for(share=0.5)
@given(_DATA_SET, st.sampled_from(SYNTAXES), st.booleans())
def test_made_up_data_sets_become_json_or_are_refused(data: bytes, transfer_syntax: str, with_bulk: bool) -> None:
    is_deflated = transfer_syntax == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
    rendered(deflated(data) if is_deflated else data, transfer_syntax, with_bulk=with_bulk)


_SMALL = [one for one in all_samples() if one.path.stat().st_size < 20_000]


@fuzz_for(share=0.5)
@given(
    st.sampled_from(_SMALL),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=6)), min_size=1, max_size=6),
    st.floats(0, 1),
)
def test_damaged_real_files_become_json_or_are_refused(
    one: Any, damages: list[tuple[float, bytes]], cut: float
) -> None:
    raw = bytearray(one.data_set_bytes())
    for where, what in damages:
        at = int(where * len(raw))
        raw[at : at + len(what)] = what
    rendered(bytes(raw[: max(8, int(cut * 2 * len(raw)))]), one.transfer_syntax())


@pytest.mark.parametrize(
    "data",
    [
        nested(60, is_delimited=True),
        nested(10_000, is_delimited=True),
        nested(10_000, is_delimited=False),
        explicit(0x00091010, "UN", nested(3000, is_delimited=True)) * 20,
        explicit(0x00100010, "PN", b"^=\\" * 20_000),
        explicit(0x00080005, "CS", b"ISO 2022 IR 87\\" * 4000) + explicit(0x00100010, "PN", b"\x1b$B" * 20_000),
        explicit(0x00280010, "IS", b"1\\" * 30_000),
        explicit(0x00280010, "DS", b"9" * 60_000),
        explicit(0x00280010, "UT", b"9" * 1_000_000),
        explicit(0x00081140, "SQ", item(b"") * 200_000),
        b"".join(explicit(0x00090000 | number, "UN", b"") for number in range(0x1000, 0x5000)),
        deflated(explicit(0x00080001, "OB", bytes(1 << 20)) * 8),
    ],
    ids=[
        "deep",
        "deeper",
        "deeper-defined",
        "un",
        "names",
        "charsets",
        "numbers",
        "digits",
        "text",
        "items",
        "many",
        "bomb",
    ],
)
def test_time_and_size_stay_in_proportion(data: bytes) -> None:
    """Ten times what any of them needs on a slow machine; what is not in proportion takes minutes."""
    for transfer_syntax in SYNTAXES:
        began = time.process_time()
        parsed = rendered(data, transfer_syntax, with_bulk=True)
        assert time.process_time() - began < 20
        if parsed is not None and transfer_syntax != DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
            assert len(json.dumps(parsed)) < 1000 + 60 * len(data)
