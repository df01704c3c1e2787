"""Observations and evidence on disk, append-only, and played back.

    RunWriter     keeps the records of a run that is going on, and of one that is resumed
    Run           a run on disk: facts, observations, systems; verified, replayed
    numbers_in    which targets a run has recorded

chain.py seals lines, entries.py says what they hold, log.py writes them, reading.py reads them back; parquet.py derives
tables; verifying.py and replay.py are the proofs. docs/formats/evidence.md is for those who verify with a program of
their own.
"""

from leadglass.survey.records.entries import Begun
from leadglass.survey.records.facts import RunFacts
from leadglass.survey.records.numbers import Numbers
from leadglass.survey.records.reading import numbers_in
from leadglass.survey.records.replay import Difference
from leadglass.survey.records.run import Run
from leadglass.survey.records.verifying import Verification
from leadglass.survey.records.writer import RunWriter

__all__ = ["Begun", "Difference", "Numbers", "Run", "RunFacts", "RunWriter", "Verification", "numbers_in"]
