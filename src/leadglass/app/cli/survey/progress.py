"""How a run goes: a bar for people at a terminal, a line now and then for a log, JSON lines for programs."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from leadglass.survey.campaign import Progress as Stand
from leadglass.survey.totals import Totals

__all__ = ["Speed", "eta_words", "line_of", "shown"]

_LINE_EVERY: Final = 5.0
_BAR, _LEAST_BAR, _WORDS_WIDTH = 30, 10, 66  # columns
_OVER_SECONDS: Final = 10.0

Tell = Callable[[Stand], None]


class Speed:
    """Targets a second over the last ten seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, done: int) -> float:
        """The speed, now that so many are done."""
        now = self._clock()
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[0][0] < now - _OVER_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        return (done - before) / (now - since) if now > since else 0.0


@contextmanager
def shown(targets: int, *, as_json: bool) -> Iterator[Tell]:
    """What to tell how the run goes."""
    speed = Speed()
    if as_json or not sys.stderr.isatty():
        write = _json_line if as_json else line_of
        yield _now_and_then(lambda stand: typer.echo(write(stand, speed.at(stand.totals.looked_at)), err=True), speed)
    else:
        console = Console(stderr=True, highlight=False)
        width = min(_BAR, console.width - _WORDS_WIDTH)  # where there is no room for both, the words stay
        bars = (BarColumn(bar_width=width),) if width >= _LEAST_BAR else ()
        with Progress(*bars, TextColumn("{task.description}"), console=console, transient=True) as bar:
            task = bar.add_task("beginning", total=max(1, targets))

            def tell(stand: Stand) -> None:
                totals = stand.totals
                words = f"{_percent(totals):>3} %  {_words(stand, speed.at(totals.looked_at))}"
                bar.update(task, completed=totals.before + totals.looked_at, description=words)

            yield tell


def _now_and_then(say: Tell, speed: Speed) -> Tell:
    said_at = time.monotonic()

    def tell(stand: Stand) -> None:
        nonlocal said_at
        speed.at(stand.totals.looked_at)
        now = time.monotonic()
        if now - said_at >= _LINE_EVERY:
            said_at = now
            say(stand)

    return tell


def line_of(stand: Stand, speed: float) -> str:
    """How it goes, in one line."""
    totals = stand.totals
    done = totals.before + totals.looked_at
    return f"{done:,} of {totals.targets:,} ({_percent(totals)} %): {_words(stand, speed)}"


def _percent(totals: Totals) -> int:
    """Rounded down: 100 is all of it."""
    return 100 * (totals.before + totals.looked_at) // max(1, totals.targets)


def _words(stand: Stand, speed: float) -> str:
    totals = stand.totals
    parts = [f"{speed:,.0f}/s", f"{totals.answered:,} answered", f"{totals.open:,} open"]
    if stand.is_resting:
        parts.append("resting: quiet hours")
    elif speed > 0:
        parts.append(eta_words((totals.targets - totals.before - totals.looked_at) / speed))
    return ", ".join(parts)


def eta_words(seconds: float) -> str:
    """How long it will take, as people say it."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s left"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min left"
    if seconds < 48 * 3600:
        return f"about {seconds / 3600:.1f} h left"
    return f"about {seconds / 86_400:,.0f} days left"


def _json_line(stand: Stand, speed: float) -> str:
    line = {**stand.totals.as_counts(), "underway": stand.underway, "resting": stand.is_resting}
    return msgspec.json.encode(line | {"per_second": round(speed, 1)}).decode()
