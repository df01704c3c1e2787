"""A row becomes systems: open archives that hold exactly what it says, and closed ones of every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Address
from typing import Final
from zlib import crc32

from leadglass.range.law import Law
from leadglass.range.manner import Manner
from leadglass.range.manners import dicom_products as products
from leadglass.range.manners.dicom import DicomSite
from leadglass.range.manners.dicom_admitting import Admitting
from leadglass.range.manners.dicom_conduct import Conduct
from leadglass.range.manners.studies import Shelf
from leadglass.range.manners.web_pages import DirectoryListing, Oviyam
from leadglass.range.world import Door, SimulatedSystem, Truth
from leadglass.range.worlds.apportioning import apportion
from leadglass.range.worlds.rows import Row

__all__ = ["admitting_of", "closed_systems", "open_systems"]

_PORTS: Final = (104, 11112)
_WEB: Final = 80
_FEW: Final = 50_000
"""An archive with more records has no limit to its answers: with one it would never be counted."""
_LIMITED_DCM4CHEE: Final = replace(products.DCM4CHEE, limit=1000, limit_status=0xA700)
_SERVING: Final = (
    products.DCM4CHEE,
    products.CONQUEST,
    _LIMITED_DCM4CHEE,
    products.ORTHANC_OPEN,
    products.PYNETDICOM,
    products.DCMQRSCP_OPEN,
)
_LISTING: Final = (products.ORTHANC_QUERIES, products.LIMITED)
_CLOSED: Final = (
    products.AE_CHECKING,
    products.AE_LISTED,
    products.ORTHANC,
    products.AE_CHECKING,
    products.MODALITY,
    products.DCM4CHEE_LISTED,
    products.AE_LISTED,
    products.STORESCP,
    products.AE_CHECKING,
    products.IDENTITY_DEMANDING,
    products.DCMQRSCP,
)
_BEHIND_TLS: Final = 40
"""One in so many closed archives speaks TLS alone."""


@cache
def admitting_of(conduct: Conduct) -> Admitting:
    """One for all systems of a conduct, so that they share what was negotiated before."""
    return Admitting(conduct)


def open_systems(row: Row, addresses: list[IPv4Address]) -> Iterator[SimulatedSystem]:
    """The row's open archives at these addresses, one each."""
    count = row.systems
    weights = [10_000 // (count - n) + 100 for n in range(count)]
    serving = _serving(row)
    images = [0] * count
    for total, members in (
        (row.accessible, [n for n in range(count) if serving[n]]),
        (row.images - row.accessible, [n for n in range(count) if not serving[n]]),
    ):
        for n, share in zip(members, apportion(total, [weights[n] for n in members], least=1), strict=True):
            images[n] = share
    records = apportion(row.records, weights, least=1)
    viewers = row.viewers
    for n, address in enumerate(addresses):
        has_viewer = serving[n] and viewers > 0
        viewers -= has_viewer
        yield _open_system(row, str(address), n, (records[n], images[n]), serves=serving[n], has_viewer=has_viewer)


def _serving(row: Row) -> list[bool]:
    """Which of the row's open systems hand out images: spread evenly, so many that the sum can be exact."""
    count = row.systems
    if row.accessible == row.images:
        return [True] * count
    if not row.accessible:
        return [False] * count
    some = min(max(round(count * row.accessible / row.images), row.viewers, 1), count - 1)
    return [n * some // count != (n + 1) * some // count for n in range(count)]


def _open_system(
    row: Row, address: str, n: int, volume: tuple[int, int], *, serves: bool, has_viewer: bool
) -> SimulatedSystem:
    records, images = volume
    kinds = _SERVING if serves else _LISTING
    conduct = kinds[n % len(kinds)]
    if conduct.limit and records > _FEW:
        conduct = kinds[0]
    shelf = Shelf(seed=crc32(address.encode()), records=records, images=images)
    doors = [Door(port=_PORTS[n % 2], manner=DicomSite(name=address, admitting=admitting_of(conduct), shelf=shelf))]
    if has_viewer:
        doors.append(Door(port=_WEB, manner=_directory if n % 4 == 3 else _viewer))
    truth = Truth(
        country=row.country,
        state=row.state,
        product=conduct.product,
        is_open=True,
        serves_images=serves,
        takes_writes=conduct.stores,
        has_viewer=has_viewer,
        records=records,
        images=images,
    )
    return SimulatedSystem(address=address, doors=tuple(doors), truth=truth)


def _viewer(law: Law) -> Manner:
    return Oviyam(law)


def _directory(law: Law) -> Manner:
    return DirectoryListing(law)


def closed_systems(row: Row, addresses: list[IPv4Address]) -> Iterator[SimulatedSystem]:
    """Archives and devices that let no stranger at anything."""
    for n, address in enumerate(addresses):
        name = str(address)
        is_behind_tls = crc32(name.encode()) % _BEHIND_TLS == 0
        conduct = products.DCM4CHEE_LISTED if is_behind_tls else _CLOSED[(n + int(address)) % len(_CLOSED)]
        manner: Callable[[Law], Manner] = DicomSite(name=name, admitting=admitting_of(conduct))
        door = Door(port=_PORTS[n % 2], manner=manner, uses_tls=is_behind_tls)
        takes_writes = conduct.stores and conduct.called is None and conduct.calling is None
        truth = Truth(
            country=row.country,
            state=row.state,
            product=conduct.product,
            takes_writes=takes_writes and not conduct.demands_user_identity,
        )
        yield SimulatedSystem(address=name, doors=(door,), truth=truth)
