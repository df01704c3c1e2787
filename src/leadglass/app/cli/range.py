"""`leadglass range`: simulated systems on loopback, to practise on."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from leadglass.app.cli.speaking import JsonOption, fail, out, plain, run, say_json, show_table
from leadglass.survey.level import Level
from leadglass.terms.errors import UserFault

if TYPE_CHECKING:
    from leadglass.range.serving import RangeServer
    from leadglass.range.world import World

__all__ = ["practice", "status_line"]

practice = typer.Typer(
    no_args_is_help=True, help="Simulated archives and devices on this machine's loopback addresses, to practise on."
)

ProfileArgument = Annotated[str, typer.Argument(help="Which world; `leadglass range list` names them.")]
OffsetOption = Annotated[
    int, typer.Option("--port-offset", min=0, max=38_000, help="Added to every port, for people without privileges.")
]
ScaleOption = Annotated[int, typer.Option("--scale", min=1, help="Only one so-many-th of all records and images.")]
LatencyOption = Annotated[int, typer.Option("--latency", min=0, max=60_000, help="Milliseconds before each answer.")]
LevelOption = Annotated[int, typer.Option("--level", min=0, max=4, help="How far the scope lets a survey go.")]

GrantedOption = Annotated[
    int, typer.Option("--level", min=0, max=4, help="What the scope grants; at the end: whether more was asked.")
]

_STATUS_SECONDS = 0.5


@practice.command("list")
def profiles(as_json: JsonOption = False) -> None:
    """The worlds there are."""
    from leadglass.range.worlds import PROFILES

    rows = [{"profile": name, "about": about} for name, about in PROFILES.items()]
    if as_json:
        say_json(rows)
    else:
        show_table(rows, {"profile": "profile", "about": "what it is"}, empty="")


AlsoOption = Annotated[
    list[str] | None,
    typer.Option("--also", metavar="PROFILE", help="A world to be compared with it: both get the same scope."),
]


@practice.command("scope")
def scope(
    profile: ProfileArgument, level: LevelOption = 4, port_offset: OffsetOption = 0, also: AlsoOption = None
) -> None:
    """Print the scope, not signed yet, that allows surveying a world."""
    from leadglass.app.practising import scope_of

    sys.stdout.write(scope_of(_world(profile, 1), Level(level), port_offset, [_world(a, 1) for a in also or ()]))


@practice.command("serve")
def serve(
    profile: ProfileArgument,
    port_offset: OffsetOption = 0,
    scale: ScaleOption = 1,
    latency: LatencyOption = 0,
    level: GrantedOption = 4,
    as_json: JsonOption = False,
) -> None:
    """Serve a world on 127.0.0.0/8 until SIGTERM or Ctrl-C; then say what was asked, and whether it went too far."""
    from leadglass.app.descriptors import raise_descriptors

    world = _world(profile, scale)
    raise_descriptors()
    run(_serve(world, port_offset, latency / 1000, Level(level), as_json))


def _world(profile: str, scale: int) -> World:
    from leadglass.range.worlds import load

    try:
        return load(profile, scale)
    except UserFault as fault:
        fail(str(fault), fault.advice)


async def _serve(world: World, port_offset: int, latency: float, level: Level, as_json: bool) -> None:
    from leadglass.range.law import Law
    from leadglass.range.serving import RangeServer

    law = Law()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with RangeServer(world, law, port_offset=port_offset, latency=latency) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        _greet(world, port_offset, as_json)
        await _watch(server, stop, is_quiet=as_json or not sys.stdout.isatty())
    _farewell(server, level, as_json)


def _greet(world: World, port_offset: int, as_json: bool) -> None:
    from leadglass.app.practising import ports_of

    found = world.headline()
    archives = found.archives
    ports = {service.value: [p + port_offset for p in listed] for service, listed in ports_of(world).items()}
    if as_json:
        figures = {
            "archives_open": archives.systems,
            "records": archives.records,
            "images_linked": archives.images_linked,
            "images_accessible": archives.images_accessible,
            "others_open": found.others,
            "demos_open": found.demos,
            "honeypots_open": found.honeypots,
        }
        say_json({"profile": world.name, "systems": len(world.systems), **figures, "ports": ports})
        return
    shift = f" --port-offset {port_offset}" if port_offset else ""
    countries = len({system.truth.country for system in world.systems})
    out.print(f"[bold]{plain(world.name)}[/]: {len(world.systems):,} simulated systems in {countries} countries")
    out.print("  The report of a perfect survey says:")
    out.print(f"  - {archives.systems:,} imaging archives stand open, with {archives.records:,} records and")
    out.print(f"    {archives.images_linked:,} images, {archives.images_accessible:,} of them there for the taking")
    out.print(f"  - beside them {found.others:,} databases, shares and interfaces")
    out.print(f"  - and, not counted as exposure: {found.demos:,} with test data, {found.honeypots:,} honeypots")
    for service, listed in ports.items():
        out.print(f"  {service:10} at ports {', '.join(map(str, listed))}", markup=False)
    out.print("  Only this machine can reach them, at addresses of 127.0.0.0/8.")
    out.print("\nIn another terminal:", markup=False)
    out.print(f"  leadglass range scope {world.name}{shift} > scope.toml", markup=False)
    out.print("  leadglass survey scope sign scope.toml", markup=False)
    out.print("  leadglass survey run --scope scope.toml --out run", markup=False)
    out.print("  leadglass survey report run", markup=False)
    out.print("\nCtrl-C stops the range.", markup=False)


async def _watch(server: RangeServer, stop: asyncio.Event, *, is_quiet: bool) -> None:
    """Until it is to stop; shows meanwhile what is going on."""
    before = 0
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _STATUS_SECONDS)
        if not is_quiet:
            rate = (server.connections - before) / _STATUS_SECONDS
            line = status_line(server.connections, rate, sum(server.law.asked.values()), out.width)
            out.print(f"\r{line}", end="", markup=False)
        before = server.connections
    if not is_quiet:
        out.print()


def status_line(connections: int, rate: float, requests: int, columns: int) -> str:
    """What is going on, always in one line of the terminal: one that wraps could not be written over."""
    width = min(70, columns - 1)
    line = f"  {connections:,} connections, {rate:,.0f}/s, {requests:,} requests"
    return f"{line[:width]:{width}}"


def _farewell(server: RangeServer, level: Level, as_json: bool) -> None:
    """What was asked, and whether any of it goes beyond the level."""
    from leadglass.range.law import NEVER

    asked = [
        {"level": needs, "what": what, "count": count} for (needs, what), count in sorted(server.law.asked.items())
    ]
    beyond = server.law.above(level)
    if as_json:
        said = {"connections": server.connections, "strangers": server.strangers, "level": int(level)}
        say_json({**said, "asked": asked, "beyond": beyond})
        return
    rows = [row | {"level": "never"} if row["level"] == NEVER else row for row in asked]
    show_table(rows, {"level": "level", "what": "asked", "count": "times"}, empty="Nobody asked for anything.")
    if beyond:
        words = ", ".join(f"{what} ({count:,})" for what, count in sorted(beyond.items()))
        out.print(f"[bold red]Asked beyond level {int(level)}:[/] {plain(words)}")
    elif asked:
        out.print(f"[bold green]Nothing was asked beyond level {int(level)}.[/]")
    if server.strangers:
        out.print(f"{server.strangers} connections did not come to a loopback address, and were reset.")
