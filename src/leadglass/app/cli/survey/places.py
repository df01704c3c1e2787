"""`leadglass survey places`: open data about where addresses are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer
from rich.status import Status

from leadglass.app.cli.speaking import JsonOption, faults_in_words, out, plain, say_json, show_table
from leadglass.app.user_folder import user_folder
from leadglass.survey.targets.places import Places
from leadglass.survey.targets.places.packing import countries_from, networks_from
from leadglass.survey.targets.places.places import COUNTRIES, NETWORKS
from leadglass.terms.errors import UserFault

__all__ = ["places"]

places = typer.Typer(no_args_is_help=True, help="Open data: which country and network an address is in.")


@places.command("refresh")
def refresh(
    country: Annotated[
        list[Path] | None, typer.Option("--country", help="CSV first,last,country. Repeatable: IPv4 and IPv6.")
    ] = None,
    asn: Annotated[
        list[Path] | None, typer.Option("--asn", help="CSV first,last,AS number,AS name. Repeatable: IPv4 and IPv6.")
    ] = None,
    when: Annotated[str, typer.Option("--date", help="Day of the data, YYYY-MM-DD; default: the newest file's.")] = "",
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Where to; default: your own data folder, where surveys look.")
    ] = None,
) -> None:
    """Pack newer CSV files of ip-location-db and use them from now on."""
    with faults_in_words():
        if not country and not asn:
            raise UserFault("there is nothing to pack", "Name CSV files with --country and --asn.")
        day = _day(when, [*(country or ()), *(asn or ())])
        folder = out_folder or places_folder()
        folder.mkdir(parents=True, exist_ok=True)
        for paths, make, name in ((country, countries_from, COUNTRIES), (asn, networks_from, NETWORKS)):
            if paths:
                with Status(f"packing {name}", console=out):
                    packed = make(paths, day).packed()
                draft = folder / f".{name}"
                draft.write_bytes(packed)
                draft.replace(folder / name)
                out.print(f"{plain(str(folder / name))}   {len(packed) / 1e6:.1f} MB, {day}")


@places.command("show")
def show(
    addresses: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]…", help="Addresses to look up.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say how old the data is and whose, and where these addresses are."""
    with faults_in_words():
        known = Places(places_folder())
        for address in addresses or ():
            _check_address(address)
        rows = [
            {"address": address, "country": country, "as": number or "", "name": name}
            for address in addresses or ()
            for country, number, name in [known.place_of(address)]
        ]
        if as_json:
            say_json({"date": known.date, "credit": known.credit, "addresses": rows})
            return
        if rows:
            show_table(rows, {"address": "address", "country": "country", "as": "AS", "name": "name"}, empty="")
        out.print(plain(f"Data of {known.date}. {known.credit}"))


def _check_address(text: str) -> None:
    try:
        ip_address(text)
    except ValueError:
        raise UserFault(f"{text} is no IP address", "Write one like 192.0.2.7 or 2001:db8::7.") from None


def places_folder() -> Path:
    """Where refreshed tables lie."""
    return user_folder() / "places"


def _day(when: str, paths: list[Path]) -> date:
    if not when:
        return datetime.fromtimestamp(max(path.stat().st_mtime for path in paths), UTC).date()
    try:
        return date.fromisoformat(when)
    except ValueError:
        raise UserFault(f"{when} is no day", "Write it like 2026-06-17.") from None
