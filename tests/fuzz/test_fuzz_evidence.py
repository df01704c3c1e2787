"""Invariant: whatever bytes stand in a run's folder, reading ends with a verdict or a UserFault, and damage is named.

LEADGLASS_FUZZ_SECONDS=60 digs for a minute.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from helpers.fuzzing import fuzz_for
from helpers.sightings import observation
from helpers.survey_records import silent, written
from leadglass.survey.records import Run
from leadglass.survey.records.chain import START, seal
from leadglass.survey.records.facts import RunFacts
from leadglass.survey.records.reading import read_past
from leadglass.survey.records.verifying import verify
from leadglass.terms.errors import UserFault

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "number", "at"]), inner),
    max_leaves=10,
)
_KINDS = st.sampled_from(["begun", "seen", "nothing", "resumed", "closed", "other"])


@cache
def _whole() -> tuple[bytes, RunFacts]:
    """A sound shard and its run's facts."""
    with tempfile.TemporaryDirectory() as name:
        folder = written(Path(name) / "run", observation(1), silent(2), observation(3))
        return (folder / "evidence/00001.jsonl").read_bytes(), Run.open(folder).facts


def _check(content: bytes) -> bool:
    """Whether the evidence is as it was written; nothing but UserFault may be raised by anybody who reads it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "evidence").mkdir()
        (folder / "evidence/00001.jsonl").write_bytes(content)
        facts = _whole()[1]
        facts.write(folder)
        found = verify(folder)
        for read in (lambda: list(Run(folder, facts).observations()), lambda: read_past(folder)):
            with contextlib.suppress(UserFault):
                read()
        return not found.problems and not found.unfinished  # bytes behind the last line are no damage, but not nothing


@fuzz_for(share=0.5)
@given(st.data())
def test_damaged_evidence(data: st.DataObject) -> None:
    content = bytearray(_whole()[0])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 40))
        content[place : place + length] = data.draw(st.binary(max_size=40) | st.just(b"\n") | st.just(b"\0" * 20))
    assert _check(bytes(content)) == (bytes(content) == _whole()[0])


@fuzz_for(share=0.5)
@given(st.lists(st.tuples(_KINDS, st.dictionaries(st.sampled_from(["number", "refused", "at", "level"]), _JSON))))
def test_sealed_nonsense(entries: list[tuple[str, dict[str, object]]]) -> None:
    head, lines = START, []
    for kind, fields in entries:
        head, line = seal(head, json.dumps({"kind": kind, **fields}).encode())
        lines.append(line)
    assert not _check(b"".join(lines))
