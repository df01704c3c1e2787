"""Where a run looked, told from its folder: its scope, and what names of hosts meant then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from leadglass.app.resolving import resolved_as_then
from leadglass.survey.cases.coverage import was_looked_at
from leadglass.survey.level import Level
from leadglass.survey.records import Run
from leadglass.survey.scope import Scope, Warrant, read_scope
from leadglass.terms.errors import UserFault

__all__ = ["covered_by", "scope_of", "warrant_of"]


def scope_of(run: Run) -> Scope | None:
    """The copy in the run's folder; None if it needed none (`survey self`). UserFault if it was changed or taken away:
    nobody could tell where the run looked."""
    path, digest = run.folder / "scope.toml", run.facts.scope_digest
    data = path.read_bytes() if path.exists() else b""
    if digest and sha256(data).hexdigest() != digest:
        raise UserFault(f"{path} is not the scope of that run", "Put it back: `leadglass survey verify` says more.")
    return read_scope(data, str(path)) if digest else None


def warrant_of(run: Run) -> Warrant | None:
    """What the run was allowed, expired or not; None if it needed no scope."""
    scope, facts = scope_of(run), run.facts
    if scope is None:
        return None
    return Warrant(scope, digest=facts.scope_digest, resolve=resolved_as_then(facts.hosts))


def covered_by(run: Run, warrant: Warrant | None) -> Callable[[str, Sequence[int]], bool]:
    """Whether the run looked at these ports of an address, closely enough to know who stands open. Without a warrant
    nobody can tell, so it did not."""
    facts = run.facts

    def level_at(address: str, port: int) -> Level:
        granted = Level.IMPORTS if warrant is None else warrant.level_at(address, port)
        return min(granted, facts.level)

    return lambda address, ports: was_looked_at(address, ports, only=facts.only, level_at=level_at)
