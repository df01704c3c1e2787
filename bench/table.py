"""From samples to a table with ratios, and to JSON. A ratio says how many times better ours is."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.rows import ROWS, Goal, Row, Sample

Figures = Mapping[str, Mapping[str, Sequence[Sample]]]  # row → server → one sample per round


def lines(figures: Figures, ours: str) -> list[str]:
    """The table for people. Ratios are of medians."""
    out = []
    for key, row in ROWS.items():
        if key not in figures:
            continue
        out.append(f"{row.title} ({row.unit})")
        own = _median(figures[key].get(ours, []))
        for server, samples in figures[key].items():
            values = [sample.value for sample in samples]
            ratio = "" if server == ours or own is None else f"{_ratio(row, own, statistics.median(values)):9.2f} x"
            out.append(f"  {server:12} {_spread(values):32}{ratio:12}  {_beside(samples)}")
        if own is not None:
            out += [f"  {name:12} {_verdict(row, goal, figures[key], own)}" for name, goal in _goals(row)]
    return out


def document(figures: Figures, facts: Mapping[str, object], ours: str) -> dict[str, object]:
    """The same as data: machine, and for each row all samples, medians and verdicts."""
    rows = {}
    for key, by_server in figures.items():
        row, own = ROWS[key], _median(by_server.get(ours, []))
        rows[key] = {
            "title": row.title,
            "unit": row.unit,
            "servers": {
                server: {
                    "median": _median(samples),
                    "samples": [{"value": sample.value, **sample.beside} for sample in samples],
                }
                for server, samples in by_server.items()
            },
            "verdicts": {}
            if own is None
            else {name: _verdict(row, goal, by_server, own) for name, goal in _goals(row)},
        }
    return {"machine": facts, "rows": rows}


def write(path: Path, content: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")


def _goals(row: Row) -> tuple[tuple[str, Goal], ...]:
    return ("reach", row.reach), ("aim", row.aim)


def _verdict(row: Row, goal: Goal, by_server: Mapping[str, Sequence[Sample]], own: float) -> str:
    """`met` or `missed`, with the number that was wanted."""
    against = _median(by_server.get(goal.peer, [])) if goal.peer else 1.0
    if against is None:
        return f"{goal.factor:g} x {goal.peer}: not measured"
    wanted = goal.factor * against
    met = own <= wanted if row.lower_is_better else own >= wanted
    of_peer = f"{goal.factor:.3g} x {goal.peer} = " if goal.peer else ""
    return f"{'met' if met else 'MISSED'}: {of_peer}{_number(wanted)} wanted, {_number(own)} measured"


def _ratio(row: Row, own: float, peer: float) -> float:
    return peer / own if row.lower_is_better else own / peer


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"


def _median(samples: Sequence[Sample]) -> float | None:
    return statistics.median(sample.value for sample in samples) if samples else None


def _spread(values: Sequence[float]) -> str:
    return f"{_number(statistics.median(values)):>9} ({_number(min(values))}-{_number(max(values))})"


def _beside(samples: Sequence[Sample]) -> str:
    medians = {name: statistics.median(sample.beside[name] for sample in samples) for name in samples[0].beside}
    return ", ".join(f"{name} {value:,.2f}" for name, value in medians.items())
