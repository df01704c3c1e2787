"""At start: what a stopped server left in pending segments, checked entry by entry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from leadglass.gate.ledger.checkpoint import Checkpoint
from leadglass.gate.ledger.key import VerifierKey
from leadglass.gate.ledger.pending import Damaged, Frame, Torn, check_frame, frames, segments
from leadglass.gate.ledger.publisher import Sealed
from leadglass.gate.ledger.tree import RightEdge
from leadglass.terms.errors import LedgerFault

__all__ = ["Replayed", "replay"]


@dataclass(slots=True)
class Replayed:
    """The tree as it stands with everything pending, and the segments it was read from."""

    edge: RightEdge
    checkpoint: Checkpoint
    sealed: list[Sealed]
    leftovers: list[Path]  # segments without anything that is not published already
    last_entry: bytes = b""
    cut_bytes: int = 0  # of writes that never finished, so were never acknowledged


def replay(directory: Path, key: VerifierKey, published: Checkpoint, edge: RightEdge) -> Replayed:
    """Read every pending segment. LedgerFault names the file if anything but an unfinished write is wrong with it."""
    state = Replayed(edge, published, [], [])
    for _, path in segments(directory):
        before = state.checkpoint.size
        _replay_segment(path, key, state)
        if state.checkpoint.size > before:
            state.sealed.append(Sealed(path, state.checkpoint))
        else:
            state.leftovers.append(path)
    return state


def _replay_segment(path: Path, key: VerifierKey, state: Replayed) -> None:
    with path.open("rb") as file:
        found = frames(file)
        for item in found:
            if isinstance(item, Torn):
                state.cut_bytes += item.length
                return
            problem = item.what if isinstance(item, Damaged) else _take(item, key, state)
            if not problem:
                continue
            if isinstance(item, Frame) and item.has_hole and next(found, None) is None:
                state.cut_bytes += path.stat().st_size - item.offset
                return
            raise LedgerFault(
                f"pending/{path.name} at byte {item.offset}: {problem}. Acknowledged entries may be lost: keep the "
                "folder as it is, run `leadglass ledger verify`, and restore it from a backup"
            )


def _take(frame: Frame, key: VerifierKey, state: Replayed) -> str:
    """Accept one frame into the state, or say what is wrong with it."""
    if frame.end <= state.checkpoint.size:
        return ""  # published before the segment could be dropped
    edge = state.edge.copy()
    checkpoint = check_frame(frame, edge, key)
    if isinstance(checkpoint, str):
        return checkpoint
    state.edge, state.checkpoint, state.last_entry = edge, checkpoint, frame.entries[-1]
    return ""
