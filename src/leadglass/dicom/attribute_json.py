"""The DICOM JSON model from text that is at hand already (PS3.18 annex F).

The index keeps values as text; what it answers must look as if `leadglass.dicom.json` had written it from the object.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from leadglass.dicom.dictionary import tag_of, vr_of
from leadglass.dicom.elements.json_values import json_values_of_text

__all__ = ["attribute_json", "merged", "sequence_json", "text_in_json"]


def attribute_json(keyword: str, text: str) -> str:
    """The attribute with its tag, as it stands within an object: '"00100020":{"vr":"LO","Value":["P1"]}'.

    Several values are joined by backslash in `text`; without any there is no "Value" (§F.2.5). Never raises for a
    keyword of the dictionary: what is no number where one is due is written as a string (IS, DS) or null.
    """
    head, vr = _head(keyword)
    values = json_values_of_text(vr, text) if text else None
    return f'{head},"Value":{msgspec.json.encode(values).decode()}}}' if values else f"{head}}}"


@cache
def _head(keyword: str) -> tuple[str, str]:
    """How an attribute begins, up to its VR, and that VR."""
    tag = tag_of(keyword)
    vr = vr_of(tag)
    return f'"{tag:08X}":{{"vr":"{vr}"', vr


def sequence_json(keyword: str, items: Sequence[Sequence[str]]) -> str:
    """A sequence whose items hold attributes as `attribute_json` writes them, in ascending order of their tags."""
    key = f"{tag_of(keyword):08X}"
    if not items:
        return f'"{key}":{{"vr":"SQ"}}'
    return f'"{key}":{{"vr":"SQ","Value":[{",".join("{" + ",".join(item) + "}" for item in items)}]}}'


def merged(*objects: str) -> str:
    """The attributes of several JSON objects as one, in ascending order of their tags (§F.2.2); of an attribute that
    stands in several, what the last one says."""
    attributes: dict[str, msgspec.Raw] = {}
    for one in objects:
        attributes.update(_decode(one))
    return msgspec.json.encode({tag: attributes[tag] for tag in sorted(attributes)}).decode()


_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def text_in_json(text: str) -> str:
    """`text` as it stands between the quotes of a JSON string."""
    return msgspec.json.encode(text).decode()[1:-1]
