"""Instances for the index, made from nothing: every attribute has a default, name only what the test is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from leadglass.dicom.instance_header import InstanceHeader
from leadglass.store.index.outcomes import NewInstance
from leadglass.store.location import Location
from leadglass.terms.visibility import Selector, SelectorKind, Visibility

AT = datetime(2026, 11, 20, 12, 0, 0, 250, tzinfo=UTC)
ALL = Visibility(frozenset({Selector(SelectorKind.EVERYTHING)}))

_BLANK = {field.name: "" for field in fields(InstanceHeader) if field.name != "request_attributes"}


def header(study: str = "1.2.1", series: str = "", instance: str = "", **attributes: Any) -> InstanceHeader:
    """The header of an instance; series and instance UIDs follow from the study's if not given."""
    series = series or f"{study}.1"
    values = {
        **_BLANK,
        "study_instance_uid": study,
        "series_instance_uid": series,
        "sop_instance_uid": instance or f"{series}.1",
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
        "transfer_syntax_uid": "1.2.840.10008.1.2.1",
        **attributes,
    }
    return InstanceHeader(**values)


def location(number: int = 0, volume: int = 1) -> Location:
    """The `number`-th record of a volume whose records are all 1,000 bytes long."""
    return Location(volume, number * 1000, 1000, number.to_bytes(16, "big"), b"k" * 16, 900, 400)


def new(
    study: str = "1.2.1", series: str = "", instance: str = "", *, at: int = 0, by: str = "dev-1", **attributes: Any
) -> NewInstance:
    """An instance to add, whose record is the `at`-th."""
    return NewInstance(header(study, series, instance, **attributes), location(at), by, AT)


def seeing(*selectors: tuple[SelectorKind, str], deny: Iterable[tuple[SelectorKind, str]] = ()) -> Visibility:
    """A visibility that allows `selectors` and denies `deny`."""
    return Visibility(frozenset(Selector(*pair) for pair in selectors), frozenset(Selector(*pair) for pair in deny))
