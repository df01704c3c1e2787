"""Databases and indexes called after a person: counted, and their names asked for, kept and shown nowhere."""

from __future__ import annotations

from functools import partial

import pytest

from helpers import neighbour_visits, web_visits
from leadglass.range.law import Law
from leadglass.range.manners.mongodb import MongodbServer, SimulatedCollection
from leadglass.range.manners.web_databases import CouchDb, Elasticsearch
from leadglass.survey.level import Level
from leadglass.survey.observation import Collection, Counts, DatabaseFacts, HttpFacts
from leadglass.survey.personal_data import UNSAID, name_aloud
from leadglass.survey.probes.mongodb import probe_mongodb
from leadglass.survey.probes.redis_talks import code_of

SOMEBODY = "userdb-6a6f686e2e646f65"
"""As a database for each user is called: the address in hexadecimal digits."""


@pytest.mark.parametrize(
    "name",
    [SOMEBODY, "patient_19700131", "mrn0012345", "john.doe@example.org", "p-123-45-6789", "19991231_doe"],
)
def test_what_may_be_somebodys_is_unsaid(name: str) -> None:
    assert name_aloud(name) == UNSAID
    assert name_aloud(UNSAID) == UNSAID


@pytest.mark.parametrize(
    "name", ["patients", "logs-2024.01.31", "logs-20240131", "scans-2019", "filebeat-7.17.1-2022.05", "v202401", "db1"]
)
def test_what_is_nobodys_is_said(name: str) -> None:
    assert name_aloud(name) == name


@pytest.mark.parametrize("level", [Level.ACCESS, Level.COUNTS, Level.KINDS])
def test_elasticsearch(level: Level) -> None:
    indexes = {"reports": 70, ".kibana": 3, SOMEBODY: 8, "patient_19700131": 5}
    played = web_visits.visit(partial(Elasticsearch, indexes=indexes), Law(), port=9200, level=level)
    facts, counts = played.sighting.facts, played.sighting.counts
    assert isinstance(facts, HttpFacts)
    assert [collection.name for collection in facts.collections] == ["reports"]
    assert counts == (Counts(records=83, how="Elasticsearch") if level >= Level.COUNTS else None)
    assert_unsaid(played)
    assert web_visits.replayed(played, 9200, level) == played.sighting


@pytest.mark.parametrize("level", [Level.ACCESS, Level.COUNTS, Level.KINDS])
def test_couchdb(level: Level) -> None:
    databases = {"patients": 12, "_users": 1, SOMEBODY: 30}
    played = web_visits.visit(partial(CouchDb, databases=databases), Law(), port=5984, level=level)
    counts = played.sighting.counts
    assert counts == (Counts(records=12, is_at_least=True, how="CouchDB") if level >= Level.COUNTS else None)
    assert_unsaid(played)
    assert web_visits.replayed(played, 5984, level) == played.sighting


def assert_unsaid(played: web_visits.Played) -> None:
    assert not any(SOMEBODY in path for path in played.requests)
    assert not any(SOMEBODY.encode() in web_visits.kept(talk, heard) for talk, _, heard in played.calls)


@pytest.mark.parametrize("level", [Level.ACCESS, Level.COUNTS, Level.KINDS])
def test_mongodb(level: Level) -> None:
    named = [SimulatedCollection("clinic", "visits", 7), SimulatedCollection("clinic", SOMEBODY, 5)]
    manner = partial(MongodbServer, collections=[*named, SimulatedCollection(SOMEBODY, "visits", 5)])
    heard = neighbour_visits.probed(probe_mongodb, level, manner)
    facts, counts = heard.sighting.facts, heard.sighting.counts
    assert isinstance(facts, DatabaseFacts)
    assert [collection.name for collection in facts.collections] == ["clinic.visits"]
    assert (counts is not None and (counts.records, counts.is_at_least) == (7, True)) == (level >= Level.COUNTS)
    assert SOMEBODY.encode() not in heard.sent
    assert not any(SOMEBODY.encode() in call.talk.reduced(part.data) for call, _, said in heard.calls for part in said)


def test_only_unsaid_names_still_stand_open() -> None:
    manner = partial(MongodbServer, collections=[SimulatedCollection(SOMEBODY, "visits", 5)])
    heard = neighbour_visits.probed(probe_mongodb, Level.ACCESS, manner)
    assert neighbour_visits.verdicts(heard.sighting)["list"].value == "open"
    assert heard.sighting.facts == DatabaseFacts(asks_for_password=False, collections=tuple[Collection, ...]())


@pytest.mark.parametrize(
    ("reply", "code"),
    [(b"-NOAUTH Authentication required.\r\n", "NOAUTH"), (b"-DOEJOHN 1970\r\n", "ERR"), (b"+PONG\r\n", "")],
)
def test_an_error_of_redis_is_a_word_of_its_own(reply: bytes, code: str) -> None:
    assert code_of(reply) == code
