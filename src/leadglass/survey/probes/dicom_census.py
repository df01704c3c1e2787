"""Level 3 of the DICOM probe: a count over as many associations as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Sign
from leadglass.survey.probe import Chance
from leadglass.survey.probes.dicom_count import Count
from leadglass.survey.probes.dicom_counting import CountTalk
from leadglass.survey.probes.dicom_visit import Calls, Visit

__all__ = ["census"]

_KEY: Final = 32  # letters and digits, drawn for each target, of the key under which UIDs are hashed
_MAX_ASSOCIATIONS: Final = 64
_MAX_IN_VAIN: Final = 3  # associations in a row that count nothing


def census(visit: Visit, chance: Chance) -> Calls:
    """Leaves `visit.counts`, and the studies to look for kinds in."""
    target = visit.target
    samples = target.samples_cap if target.level >= Level.KINDS else 0
    count = Count(chance.word(_KEY).encode("ascii"), target.records_cap, samples)
    in_vain = 0
    for _ in range(_MAX_ASSOCIATIONS):
        before = count.records
        talk = CountTalk(visit.called_ae_title, visit.caller, count)
        yield from visit.call(talk)
        talk.settle()
        in_vain = in_vain + 1 if count.records == before else 0
        if not count.pending or in_vain >= _MAX_IN_VAIN:
            break
    if count.pending:
        count.give_up()
    visit.counts = count.counts
    visit.samples = count.take_chosen()
    visit.signs += _signs(count)


def _signs(count: Count) -> Iterator[Sign]:
    """What the records themselves say of what they are."""
    if count.holds_a_honeypots_study:
        yield Sign(means="honeypot", why="holds the study that T-Pot's Dicompot comes with", weight=3)
    if count.records and 2 * count.published > count.records:
        yield Sign(means="test data", why="most of its studies are of collections published for research", weight=3)
    if count.records == 1:
        yield Sign(means="test data", why="holds a single study", weight=1)
