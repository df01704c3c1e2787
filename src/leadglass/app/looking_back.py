"""Where a run looked, told from its folder: its scope, and what names of hosts meant then."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leadglass.app.resolving import resolved_as_then
from leadglass.survey.cases.coverage import was_looked_at
from leadglass.survey.level import Level
from leadglass.survey.records import Run
from leadglass.survey.scope import Scope, Warrant, read_scope

__all__ = ["covered_by", "scope_of", "warrant_of"]


def scope_of(run: Run) -> Scope | None:
    """The copy in the run's folder; None if it needed none (`survey self`). UserFault if it is misspelt."""
    path = run.folder / "scope.toml"
    return read_scope(path.read_bytes(), str(path)) if path.exists() else None


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
