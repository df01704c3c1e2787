"""Country and AS of an address."""

from __future__ import annotations

from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from leadglass.survey.addresses import ip_of, key_of
from leadglass.survey.targets.places.table import Damaged, Table
from leadglass.terms.errors import UserFault

__all__ = ["COUNTRIES", "NETWORKS", "Places"]

COUNTRIES: Final = "country.xz"
NETWORKS: Final = "as.xz"


class Places:
    """The packed tables, read at the first look-up."""

    def __init__(self, folder: Path | None = None) -> None:
        """Tables in `folder`, where there are any, take the place of those that come with Leadglass."""
        self._folder = folder
        self._look_up = lru_cache(maxsize=16_384)(self._place_of)

    def place_of(self, address: str) -> tuple[str, int, str]:
        """Country (ISO 3166-1 alpha-2), AS number and AS name; "" and 0 for what is not known, as of loopback and
        private addresses. UserFault if a refreshed table is damaged."""
        return self._look_up(address)

    @property
    def credit(self) -> str:
        """What the licences of the data want said wherever it is shown."""
        return f"{self._countries.head.credit} {self._networks.head.credit}"

    @property
    def date(self) -> str:
        """Of the data (YYYY-MM-DD); of two, the older."""
        return min(self._countries.head.date, self._networks.head.date)

    def _place_of(self, address: str) -> tuple[str, int, str]:
        try:
            key = key_of(address)
        except ValueError:
            return "", 0, ""
        if not ip_of(key).is_global:
            return "", 0, ""  # nobody's; so a survey of loopback does not read the tables
        number, _, name = self._networks.label_of(key).partition(" ")
        return self._countries.label_of(key), int(number or 0), name

    @cached_property
    def _countries(self) -> Table:
        return self._table(COUNTRIES)

    @cached_property
    def _networks(self) -> Table:
        return self._table(NETWORKS)

    def _table(self, name: str) -> Table:
        refreshed = self._folder / name if self._folder is not None else None
        if refreshed is None or not refreshed.exists():
            return Table.unpacked(files(__package__).joinpath(name).read_bytes())
        try:
            return Table.unpacked(refreshed.read_bytes())
        except Damaged as error:
            raise UserFault(
                f"{refreshed}: {error}", "Make it anew with `leadglass survey places refresh`, or delete it."
            ) from None
