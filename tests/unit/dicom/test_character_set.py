"""Character sets: the standard's own examples (PS3.5 annexes H to K), pydicom's sample files, and hostile bytes."""

from __future__ import annotations

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import decode_bytes, python_encoding
from pydicom.valuerep import PN_DELIMS

from helpers.samples import Sample, all_samples
from leadglass.dicom.character_set import DEFAULT, character_set
from leadglass.dicom.elements.encoding import encoding_of
from leadglass.dicom.elements.tree import DataSet, Parser
from leadglass.dicom.elements.values import CHARACTER_SET_VRS, text_of

CHARSET_FILES = [s for s in all_samples() if "charset_files" in s.name]


def _texts(elements: DataSet, data: bytes, charset=DEFAULT) -> list[tuple[int, str]]:
    found = []
    for element in elements:
        raw = data[element.start : element.end]
        if element.tag == 0x00080005:
            charset = character_set(raw.decode("latin-1"))
        if element.items is not None:
            for item in element.items:
                found += _texts(item, data, charset)
        elif element.vr in CHARACTER_SET_VRS and not element.tag & 0x10000:
            found.append((element.tag, text_of(element.vr, raw, charset)))
    return found


def _pydicom_texts(dataset: pydicom.Dataset) -> list[tuple[int, str]]:
    found = []
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                found += _pydicom_texts(item)
        elif element.VR in CHARACTER_SET_VRS and not element.tag.is_private:  # pydicom looks up private UN
            values = element.value if element.VM > 1 else [element.value or ""]
            found.append((int(element.tag), "\\".join(str(value).strip(" ") for value in values)))
    return found


@pytest.mark.parametrize("found", CHARSET_FILES, ids=lambda s: s.name)
def test_every_text_equals_pydicom_on_the_character_set_files(found: Sample) -> None:
    data = found.data_set_bytes()
    elements = Parser(data).data_set(0, len(data), encoding_of(found.transfer_syntax()))
    assert _texts(elements, data) == _pydicom_texts(found.dataset())


def test_the_character_set_files_are_all_there() -> None:
    assert len(CHARSET_FILES) >= 17


@pytest.mark.parametrize(
    ("terms", "raw", "text"),
    [
        # PS3.5 annex H: Japanese
        (
            "\\ISO 2022 IR 87",
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            "Yamada^Tarou=山田^太郎=やまだ^たろう",
        ),
        (
            "ISO 2022 IR 13\\ISO 2022 IR 87",
            b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
        ),
        # PS3.5 annex I: Korean
        (
            "\\ISO 2022 IR 149",
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            "Hong^Gildong=洪^吉洞=홍^길동",
        ),
        # PS3.5 annex J: Chinese in UTF-8 and GB18030
        ("ISO_IR 192", "Wang^XiaoDong=王^小東=".encode(), "Wang^XiaoDong=王^小東="),
        ("GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东"),
        ("GBK", "Wang^XiaoDong=王^小东".encode("gbk"), "Wang^XiaoDong=王^小东"),
        # PS3.5 annex K: Chinese with ISO 2022 IR 58
        (
            "\\ISO 2022 IR 58",
            b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
            "Zhang^XiaoDong=张^小东=",
        ),
        # JIS X 0212
        ("\\ISO 2022 IR 87\\ISO 2022 IR 159", b"\x1b$(D0!\x1b(B^A", "丂^A"),
        # single bytes, with and without code extensions
        ("ISO_IR 100", b"Buc^J\xe9r\xf4me", "Buc^Jérôme"),
        ("ISO_IR 101", b"Wa\xb3\xeasa", "Wałęsa"),
        ("ISO_IR 109", b"\xa1\xb1", "Ħħ"),
        ("ISO_IR 110", b"\xa1\xb1", "Ąą"),
        ("ISO_IR 144", b"\xbb\xee\xda^Ivan", "Люк^Ivan"),
        ("ISO_IR 127", b"\xe2\xc8\xc7\xe6\xea", "قباني"),
        ("ISO_IR 126", b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος"),
        ("ISO_IR 138", b"\xf9\xf8\xe5\xef", "שרון"),
        ("ISO_IR 148", b"\xc7avu\xfeo\xf0lu", "Çavuşoğlu"),
        ("ISO_IR 203", b"\xa4\xbd", "€œ"),
        ("ISO_IR 166", b"\xb9\xd2\xc2", "นาย"),
        ("ISO_IR 13", b"\xd4\xcf\xc0\xde", "ﾔﾏﾀﾞ"),
        ("ISO 2022 IR 100\\ISO 2022 IR 126", b"\xe9=\x1b-F\xc4\xe9", "é=Δι"),
        ("\\ISO 2022 IR 203", b"\x1b-b\xa4", "€"),
        # no character set at all: Latin-1 rather than loss
        ("", b"J\xe9r\xf4me", "Jérôme"),
    ],
)
def test_standard_examples(terms: str, raw: bytes, text: str) -> None:
    assert character_set(terms).decode(raw, is_person_name=True) == text


@pytest.mark.parametrize(
    ("spelling", "meant"),
    [
        ("ISO-IR 100", "ISO_IR 100"),
        ("ISO IR 100", "ISO_IR 100"),
        ("ISO_IR_144", "ISO_IR 144"),
        ("ISO-2022-IR-144", "ISO 2022 IR 144"),
        ("iso_ir 101 ", "ISO_IR 101"),
        ("UTF-8", "ISO_IR 192"),
        ("utf8", "ISO_IR 192"),
        ("ISO_IR192", "ISO_IR 192"),
        ("ISO 2022 GBK", "GBK"),
        ("ISO 2022 58", "ISO 2022 IR 58"),
    ],
)
def test_misspelt_terms_are_understood(spelling: str, meant: str) -> None:
    assert character_set(spelling) == character_set(meant)


@pytest.mark.parametrize("term", ["KLINGON", "ISO_IR 9999", "rot13", "zlib", "../../x", "\x1b$B"])
def test_unknown_terms_are_read_as_the_default(term: str) -> None:
    assert character_set(term).decode(b"A\xe9") == "Aé"


def test_values_may_come_as_a_list() -> None:
    assert character_set(["", "ISO 2022 IR 87"]) == character_set("\\ISO 2022 IR 87")


def test_utf_8_and_gb18030_know_no_escapes() -> None:
    assert character_set("ISO_IR 192").decode(b"a\x1b$)Cb") == "a\x1b$)Cb"


def test_a_backslash_byte_within_a_gb18030_character_is_no_separator() -> None:
    raw = "誠".encode("gb18030")  # its second byte is 5CH
    assert b"\\" in raw
    assert text_of("LO", raw, character_set("GB18030")) == "誠"


def test_a_caret_byte_within_a_japanese_character_is_no_delimiter() -> None:
    raw = b"\x1b$B" + b"\x30\x5e\x30\x5c" + b"\x1b(B^A"
    text = character_set("\\ISO 2022 IR 87").decode(raw, is_person_name=True)
    assert text == raw[:7].decode("iso2022_jp") + "^A"


def test_delimiters_end_an_escape_in_names_and_lines_do_in_text() -> None:
    charset = character_set("ISO 2022 IR 100\\ISO 2022 IR 126")
    assert charset.decode(b"\x1b-F\xc4^\xe9", is_person_name=True) == "Δ^é"
    assert charset.decode(b"\x1b-F\xc4^\xe9") == "Δ^ι"
    assert charset.decode(b"\x1b-F\xc4\r\n\xe9") == "Δ\r\né"


def test_unknown_escapes_are_shown_not_hidden() -> None:
    assert character_set("\\ISO 2022 IR 87").decode(b"a\x1b(Zb\x1bc") == "a\x1b(Zb\x1bc"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "A\x07B\x08", "'; DROP TABLE--", "\u202eevil"])
def test_markup_and_control_characters_pass_unharmed(name: str) -> None:
    assert character_set("ISO_IR 192").decode(name.encode()) == name
    assert text_of("PN", name.encode(), character_set("ISO_IR 192")) == name


def test_broken_bytes_become_replacement_characters() -> None:
    assert character_set("ISO_IR 192").decode(b"a\xff\xfeb") == "a\ufffd\ufffdb"
    assert "\ufffd" in character_set("\\ISO 2022 IR 87").decode(b"\x1b$B\x7f\x7f\x7f")


TERMS = ["", *python_encoding, "\\ISO 2022 IR 87", "ISO 2022 IR 13\\ISO 2022 IR 159", "\\ISO 2022 IR 58", "nonsense"]


@given(st.sampled_from(TERMS), st.binary(max_size=64), st.booleans())
def test_decoding_never_raises(terms: str, raw: bytes, is_name: bool) -> None:
    assert isinstance(character_set(terms).decode(raw, is_person_name=is_name), str)


@given(
    st.lists(
        st.sampled_from([b"\x1b$B", b"\x1b(B", b"\x1b(J", b"\x1b$)C", b"\x1b$)A", b"\x1b-F", b"\x1b", b"^", b"\\"])
        | st.binary(max_size=4)
    )
)
def test_any_mixture_of_escapes_is_decoded(parts: list[bytes]) -> None:
    assert isinstance(character_set("\\ISO 2022 IR 87").decode(b"".join(parts), is_person_name=True), str)


@given(
    st.sampled_from(["ISO_IR 100", "ISO_IR 101", "ISO_IR 144", "ISO_IR 126", "ISO_IR 192", "GB18030"]),
    st.binary(max_size=40),
)
def test_plain_sets_equal_pydicom_on_any_bytes(term: str, raw: bytes) -> None:
    raw = raw.replace(b"\x1b", b"")
    expected = raw.decode(python_encoding[term], "replace")
    assert character_set(term).decode(raw) == expected
    if "\ufffd" not in expected:
        assert decode_bytes(raw, [python_encoding[term]], PN_DELIMS) == expected
