"""Charts as SVG. Words stand beside bars in the page's own text, so that they grow and wrap with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

from leadglass.report.language import Language
from leadglass.report.model import Figure, TrendRow

__all__ = ["bar", "slopes", "slopes_in_words"]

_LINE: Final = 19  # least distance between two labels
_TOP, _BOTTOM, _LEFT, _RIGHT = 34, 14, 152, 308
_WIDTH: Final = 460
_MOST: Final = 9
_LONGEST: Final = 14  # signs of a name, if its code cannot stand for it


def bar(value: Figure, largest: int, tone: str = "") -> str:
    """A bar as wide as its place allows; none for what is withheld. It says nothing the words beside it do not."""
    part = 1000 * value / largest if isinstance(value, int) and largest else 0
    width = max(part, 6) if part else 0
    return (
        '<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="track" width="1000" height="10"/>'
        f'<rect class="fill {tone}" width="{width:.0f}" height="10"/></svg>'
    )


@dataclass(slots=True)
class _Label:
    text: str
    at: float
    y: float
    css: str


def slopes(rows: Sequence[TrendRow], before: str, after: str, say: Language) -> str:
    """Records then and now, a line for each of the largest regions, on a scale of tens. "" if none can be drawn."""
    lines = _largest(rows)
    if len(lines) < 2:
        return ""
    height = _TOP + _BOTTOM + _LINE * (len(lines) + 4)
    values = [math.log10(max(value, 1)) for _, then, now, _ in lines for value in (then, now) if value]
    low, high = min(values) - 0.25, max(values)

    def y(value: int) -> float:
        if not value:
            return height - _BOTTOM
        return height - _BOTTOM - (height - _TOP - _BOTTOM) * (math.log10(value) - low) / max(high - low, 0.1)

    drawn, left, right = [], list[_Label](), list[_Label]()
    for name, then, now, judgement in lines:
        css = judgement or "same"
        drawn.append(
            f'<g class="{css}"><line x1="{_LEFT}" y1="{y(then):.1f}" x2="{_RIGHT}" y2="{y(now):.1f}"/>'
            f'<circle cx="{_LEFT}" cy="{y(then):.1f}" r="3.5"/><circle cx="{_RIGHT}" cy="{y(now):.1f}" r="3.5"/></g>'
        )
        left.append(_Label(f"{name}  {say.compact(then)}", y(then), y(then), css))
        right.append(_Label(f"{say.compact(now)}  {name}", y(now), y(now), css))
    words = "".join(_placed(left, height, _LEFT - 10, "end") + _placed(right, height, _RIGHT + 10, "start"))
    heads = (
        f'<text class="head" x="{_LEFT}" y="14" text-anchor="middle">{escape(before)}</text>'
        f'<text class="head" x="{_RIGHT}" y="14" text-anchor="middle">{escape(after)}</text>'
    )
    label = escape(slopes_in_words(rows, before, after, say))
    return (
        f'<svg class="slopes" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">'
        f"{heads}{''.join(drawn)}{words}</svg>"
    )


def slopes_in_words(rows: Sequence[TrendRow], before: str, after: str, say: Language) -> str:
    """What they show, for who does not see them."""
    told = (
        say("trend.from_to", name=name, before=say.compact(then), after=say.compact(now))
        for name, then, now, _ in _largest(rows)
    )
    return say("trend.slopes_alt", before=before, after=after, told="; ".join(told))


def _largest(rows: Sequence[TrendRow]) -> list[tuple[str, int, int, str]]:
    return sorted((pair for row in rows if (pair := _pair(row))), key=lambda pair: -max(pair[1:3]))[:_MOST]


def _pair(row: TrendRow) -> tuple[str, int, int, str] | None:
    then, now = row.before.records, row.after.records
    if not isinstance(then, int) or not isinstance(now, int) or not (then or now):
        return None
    return row.name if len(row.name) <= _LONGEST else row.code or _short(row.name), then, now, row.judgement


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"


def _placed(labels: list[_Label], height: float, x: float, anchor: str) -> list[str]:
    """Labels beside their points, moved apart so that none covers another."""
    labels.sort(key=lambda label: label.at)
    for upper, lower in pairwise(labels):
        lower.y = max(lower.y, upper.y + _LINE)
    floor = height - 4.0
    for label in reversed(labels):
        label.y = min(label.y, floor)
        floor = label.y - _LINE
    return [
        f'<text class="{label.css}" x="{x}" y="{label.y + 4:.1f}" text-anchor="{anchor}">{escape(label.text)}</text>'
        for label in labels
    ]
