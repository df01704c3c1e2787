"""`leadglass serve` and `leadglass run`: open the doors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import msgspec
import typer

from leadglass.app.cli.speaking import HomeOption, configured, out, run
from leadglass.app.configuration import Configuration
from leadglass.app.home import Home
from leadglass.terms.errors import UserFault
from leadglass.terms.evidence import Door
from leadglass.terms.principal import Role

if TYPE_CHECKING:
    from leadglass.app.serving import Serving

__all__ = ["run_demo", "serve"]

DicomOption = Annotated[
    str, typer.Option("--dicom", envvar="LEADGLASS_DICOM", help="HOST:PORT of the plain DICOM door, or off.")
]
DicomTlsOption = Annotated[
    str, typer.Option("--dicom-tls", envvar="LEADGLASS_DICOM_TLS", help="HOST:PORT of the DICOM-over-TLS door, or off.")
]
HttpsOption = Annotated[
    str, typer.Option("--https", envvar="LEADGLASS_HTTPS", help="HOST:PORT of the web door, or off.")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Configuration file; default: leadglass.toml in the home.")
]
ClockOption = Annotated[
    bool, typer.Option("--accept-clock", help="Start although the clock is far behind the ledger's last entry.")
]
_DOOR_NAMES: Final = {Door.DICOM: "DICOM", Door.DICOM_TLS: "DICOM over TLS", Door.HTTPS: "Web"}


class _Doors(NamedTuple):
    """Where the command line wants the doors; "" is as configured."""

    dicom: str
    dicom_tls: str
    https: str


def serve(
    home: HomeOption = Path("var"),
    dicom: DicomOption = "",
    dicom_tls: DicomTlsOption = "",
    https: HttpsOption = "",
    config: ConfigOption = None,
    accept_clock: ClockOption = False,
) -> None:
    """Serve the archive until SIGTERM or Ctrl-C. The first start makes keys, certificates, ledger and index."""
    run(_serve(home, _Doors(dicom, dicom_tls, https), config, accept_clock, demo=False))


def run_demo(
    home: HomeOption = Path("var"),
    dicom: DicomOption = "",
    dicom_tls: DicomTlsOption = "",
    https: HttpsOption = "",
    config: ConfigOption = None,
    accept_clock: ClockOption = False,
) -> None:
    """Like serve, and at the first start load sample studies, enrol a demo device and print commands to try."""
    run(_serve(home, _Doors(dicom, dicom_tls, https), config, accept_clock, demo=True))


async def _serve(home: Path, doors: _Doors, config: Path | None, accept_clock: bool, *, demo: bool) -> None:
    from leadglass.app.first_links import HOURS, first_links
    from leadglass.app.house import House  # only here: other commands need not load the whole archive
    from leadglass.app.logging import log_as_lines
    from leadglass.app.serving import Serving

    here, configuration = configured(home, config)
    configuration = _with_doors(configuration, doors)
    first = here.is_new
    log_as_lines()
    house = await House.open(here, configuration, accept_clock=accept_clock)
    try:
        async with Serving(house) as serving:
            _greet(here, serving, first)
            if demo:
                from leadglass.app.demo import prepare_demo  # with numpy, which serving does not need

                await prepare_demo(house, serving)
            links = await first_links(house, serving.public_url)
            own_ca = None if configuration.tls.certificate else here.ca / "ca.pem"
            _show_console(serving.public_url, links, HOURS, own_ca)
            if demo:
                out.print("\nCtrl-C stops the archive.")
            await serving.until_stopped()
            out.print("Stopping: operations in progress may finish.")
    finally:
        await house.close()


def _with_doors(configuration: Configuration, asked: _Doors) -> Configuration:
    doors = configuration.doors
    doors = msgspec.structs.replace(
        doors,
        dicom=asked.dicom or doors.dicom,
        dicom_tls=asked.dicom_tls or doors.dicom_tls,
        https=asked.https or doors.https,
    )
    if doors.dicom == doors.dicom_tls == doors.https == "off":
        raise UserFault("all doors are off", "Open one with --dicom, --dicom-tls or --https HOST:PORT.")
    return msgspec.structs.replace(configuration, doors=doors)


def _show_console(public_url: str, links: Sequence[tuple[Role, str]], hours: int, own_ca: Path | None) -> None:
    """Where people begin: the last words of the start, because they are what most look for."""
    if not public_url:
        return
    out.print(f"\n[bold]The console:[/] {public_url}/")
    if own_ca is not None:
        out.print("  The browser will warn once: the certificate is this archive's own. Go on, or let it trust")
        out.print(f"  {own_ca}", markup=False, soft_wrap=True)
    if links:
        out.print(f"  One-time links, good for {hours} hours; each makes one account:")
    for role, link in links:
        out.print(f"  First {role.value}: {link}", markup=False, soft_wrap=True)


def _greet(home: Home, serving: Serving, first: bool) -> None:
    if first:
        out.print(f"A new archive in {home.path}")
        out.print(f"[bold]Back up {home.keys}[/]: without master.key nothing stored here can ever be read.")
    for door, (host, port) in serving.addresses.items():
        where = serving.public_url if door is Door.HTTPS else f"{host}:{port}"
        out.print(f"{_DOOR_NAMES[door]:15} {where}   every caller needs a name", markup=False)
