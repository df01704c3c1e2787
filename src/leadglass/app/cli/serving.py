"""`leadglass serve` and `leadglass run`: open the doors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from leadglass.app.cli.speaking import HomeOption, configured, out, run
from leadglass.app.configuration import Configuration
from leadglass.app.home import Home
from leadglass.terms.errors import UserFault
from leadglass.terms.evidence import Door

if TYPE_CHECKING:
    from leadglass.app.serving import Serving

__all__ = ["run_demo", "serve"]

DicomOption = Annotated[
    str, typer.Option("--dicom", envvar="LEADGLASS_DICOM", help="HOST:PORT of the plain DICOM door, or off.")
]
DicomTlsOption = Annotated[
    str, typer.Option("--dicom-tls", envvar="LEADGLASS_DICOM_TLS", help="HOST:PORT of the DICOM-over-TLS door, or off.")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Configuration file; default: leadglass.toml in the home.")
]
ClockOption = Annotated[
    bool, typer.Option("--accept-clock", help="Start although the clock is far behind the ledger's last entry.")
]


def serve(
    home: HomeOption = Path("var"),
    dicom: DicomOption = "",
    dicom_tls: DicomTlsOption = "",
    config: ConfigOption = None,
    accept_clock: ClockOption = False,
) -> None:
    """Serve the archive until SIGTERM or Ctrl-C. The first start makes keys, certificates, ledger and index."""
    run(_serve(home, dicom, dicom_tls, config, accept_clock, demo=False))


def run_demo(
    home: HomeOption = Path("var"),
    dicom: DicomOption = "",
    dicom_tls: DicomTlsOption = "",
    config: ConfigOption = None,
    accept_clock: ClockOption = False,
) -> None:
    """Like serve, and at the first start load sample studies, enrol a demo device and print commands to try."""
    run(_serve(home, dicom, dicom_tls, config, accept_clock, demo=True))


async def _serve(
    home: Path, dicom: str, dicom_tls: str, config: Path | None, accept_clock: bool, *, demo: bool
) -> None:
    from leadglass.app.house import House  # only here: other commands need not load the whole archive
    from leadglass.app.logging import log_as_lines
    from leadglass.app.serving import Serving

    here, configuration = configured(home, config)
    configuration = _with_doors(configuration, dicom, dicom_tls)
    first = here.is_new
    log_as_lines()
    house = await House.open(here, configuration, accept_clock=accept_clock)
    try:
        async with Serving(house) as serving:
            _greet(here, serving, first)
            if demo:
                from leadglass.app.demo import prepare_demo  # with numpy, which serving does not need

                await prepare_demo(house, serving)
            await serving.until_stopped()
            out.print("Stopping: operations in progress may finish.")
    finally:
        await house.close()


def _with_doors(configuration: Configuration, dicom: str, dicom_tls: str) -> Configuration:
    doors = configuration.doors
    doors = msgspec.structs.replace(doors, dicom=dicom or doors.dicom, dicom_tls=dicom_tls or doors.dicom_tls)
    if doors.dicom == doors.dicom_tls == "off":
        raise UserFault("all doors are off", "Open one with --dicom or --dicom-tls HOST:PORT.")
    return msgspec.structs.replace(configuration, doors=doors)


def _greet(home: Home, serving: Serving, first: bool) -> None:
    if first:
        out.print(f"A new archive in {home.path}")
        out.print(f"[bold]Back up {home.keys}[/]: without master.key nothing stored here can ever be read.")
    for door, (host, port) in serving.addresses.items():
        name = "DICOM over TLS" if door is Door.DICOM_TLS else "DICOM"
        out.print(f"{name:15} {host}:{port}   every caller needs a name", markup=False)
