"""Check a copy of a ledger, offline, against nothing but its public key."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path

from leadglass.gate.ledger.audit import Audit, remembered_checkpoints
from leadglass.gate.ledger.checkpoint import BadCheckpoint, Checkpoint, verify_checkpoint
from leadglass.gate.ledger.key import VerifierKey
from leadglass.gate.ledger.pending import Frame, frames
from leadglass.gate.ledger.reading import open_segments, published_size
from leadglass.gate.ledger.report import MAX_PROBLEMS, Report, Verdict
from leadglass.gate.ledger.verify_pending import PendingCheck
from leadglass.gate.ledger.verify_tiles import TilesCheck, beyond, fits
from leadglass.terms.errors import LedgerFault, UserFault

__all__ = ["verify"]


def verify(
    directory: Path,
    key: VerifierKey,
    since_checkpoint: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Recompute every entry, hash, tile and signature; also while a server is writing.

    `since_checkpoint` is a checkpoint kept elsewhere, or a folder of them: without one, a return to an older state that
    was complete in itself cannot be seen. `progress` is told (entries done, entries published) now and then. Memory
    does not grow with the ledger. UserFault if there is no ledger, or if a remembered checkpoint is
    not one of this ledger.
    """
    remembered = remembered_checkpoints(since_checkpoint, key)
    count = sum(map(len, remembered.values()))
    audit = Audit(remembered)
    with ExitStack() as stack:
        segments = open_segments(directory, stack)
        published = _published(directory, key, audit)
        size = published.size if published else 0
        TilesCheck(directory, audit, size).run(progress)
        if published and audit.edge.root != published.root:
            audit.wrong(
                "checkpoint", f"it does not sign these {size} entries: some were changed together with their tiles"
            )
        pending = PendingCheck(directory, audit, key, size)
        for path, file in segments:
            pending.segment(path, file)
    _look_beyond(directory, audit)
    audit.finish()
    verdict = Verdict.BROKEN if audit.problems else Verdict.UNFINISHED if pending.unfinished_bytes else Verdict.INTACT
    return Report(
        verdict=verdict,
        origin=key.name,
        size=audit.edge.size,
        root=audit.edge.root,
        published=size,
        problems=tuple(audit.problems),
        further_problems=audit.further_problems,
        unfinished_bytes=pending.unfinished_bytes,
        remembered=count,
    )


def _look_beyond(directory: Path, audit: Audit) -> None:
    """Tiles of more entries than there are betray that some were cut off, unless a server has just added them."""
    strays = list(islice(beyond(directory, audit.edge.size), MAX_PROBLEMS))
    if not strays:
        return
    now = _size_now(directory)
    for path in strays:
        if not fits(Path(path).parts, now):
            audit.wrong(path, f"the ledger once had more than {audit.edge.size} entries: it was cut short or put back")


def _size_now(directory: Path) -> int:
    with ExitStack() as stack:
        sizes = [item.end for _, f in open_segments(directory, stack) for item in frames(f) if isinstance(item, Frame)]
        with suppress(LedgerFault, UserFault):
            sizes.append(published_size(directory))
    return max(sizes, default=0)


def _published(directory: Path, key: VerifierKey, audit: Audit) -> Checkpoint | None:
    try:
        return verify_checkpoint((directory / "checkpoint").read_bytes(), key)
    except FileNotFoundError:
        if not any((directory / name).exists() for name in ("tile", "pending", "verifier")):
            advice = "give the folder that holds the file 'checkpoint'"
            raise UserFault(f"there is no ledger in {directory}", advice) from None
        audit.wrong("checkpoint", "the file is missing")
    except OSError as error:
        audit.wrong("checkpoint", f"it cannot be read ({error.strerror})")
    except BadCheckpoint as error:
        audit.wrong("checkpoint", str(error))
    return None
