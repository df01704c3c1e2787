"""Tables derived from evidence, changes found in it, and transcripts played again."""

import json
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from helpers.sightings import AT, handshake, observation, tried
from helpers.survey_records import CALLER, CountingTalk, begun, greeting_prober, heard, outcome, written
from leadglass.net.conversing import Ending
from leadglass.survey.conversation import Said
from leadglass.survey.level import Level
from leadglass.survey.observation import (
    Act,
    Collection,
    Counts,
    DatabaseFacts,
    DicomFacts,
    Facts,
    Hl7Facts,
    HttpFacts,
    Observation,
    ShareFacts,
    Sighting,
    Sign,
    StorageContext,
    Verdict,
)
from leadglass.survey.probe import Call
from leadglass.survey.recorder import Recorded
from leadglass.survey.records import Run, RunWriter, chain, entries, parquet
from leadglass.survey.records.reading import entries_in
from leadglass.survey.services import Service
from leadglass.survey.target import Place

FACTS: list[Facts] = [
    DicomFacts(reject=(1, 1, 7), storage=(StorageContext(abstract_syntax="1.2", transfer_syntax="1.3"),)),
    HttpFacts(status=200, collections=(Collection(name="patients", records=5, kinds=("name",)),)),
    DatabaseFacts(asks_for_password=False),
    Hl7Facts(acknowledgement="AE"),
    ShareFacts(allows_anonymous=True),
]


def full_sighting(facts: Facts | None) -> Sighting:
    return Sighting(
        ending=Ending.OVER,
        tries=(tried(Act.QUERY, "C-FIND", Verdict.CLOSED, "0x0124"),),
        facts=facts,
        counts=Counts(records=24, images=700),
        kinds=("name",),
        signs=(Sign(means="demo", why="one study", weight=1),),
        handshakes=(handshake(),),
        speaks_tls=True,
    )


def every_kind() -> list[Observation]:
    return [observation(n, full_sighting(facts)) for n, facts in enumerate([*FACTS, None], 1)]


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    return duckdb.sql(query.replace("RUN", f"{folder}/observations")).fetchall()


def test_every_kind_of_facts_comes_back(tmp_path: Path) -> None:
    given = every_kind()
    seen = list(Run.open(written(tmp_path / "run", *given)).observations())
    assert [o.sighting for o in seen] == [o.sighting for o in given]


def test_tables_have_typed_columns(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", *every_kind())
    for number, name in enumerate(["dicom", "http", "database", "hl7", "share", "other"], 1):
        (row,) = rows(folder, f"SELECT number, country, ending, seen_at FROM 'RUN/{name}-*.parquet'")
        assert row[:3] == (number, "DE", "over")
        assert row[3] == observation(number).seen_at.replace(tzinfo=None)
    assert rows(folder, "SELECT tries[1].code, counts.images, reject[3] FROM 'RUN/dicom-*.parquet'") == [
        ("0x0124", 700, 7)
    ]
    assert rows(folder, "SELECT handshakes[1].certificate.not_after > seen_at FROM 'RUN/dicom-*.parquet'") == [(True,)]
    assert rows(folder, "SELECT collections[1].kinds[1], status FROM 'RUN/http-*.parquet'") == [("name", 200)]
    evidence = [o.evidence for o in Run.open(folder).observations()]
    assert rows(folder, "SELECT evidence FROM 'RUN/dicom-*.parquet'") == [(evidence[0],)]


def test_tables_that_are_missing_are_made_when_it_is_opened(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", *every_kind())
    before = rows(folder, "SELECT * FROM 'RUN/http-*.parquet'")
    parquet.drop_tables(folder, 1)
    Run.open(folder)
    assert rows(folder, "SELECT * FROM 'RUN/http-*.parquet'") == before


@pytest.mark.parametrize("copied", [False, True], ids=["the run", "a copy without its lock"])
def test_deleted_tables_are_made_anew_or_named(tmp_path: Path, copied: bool) -> None:
    folder = written(tmp_path / "run", *every_kind())
    assert Run.open(folder).remade == ()
    (folder / "observations" / "dicom-00001.parquet").unlink()
    if copied:
        (folder / "lock").unlink()
    run = Run.open(folder)
    assert run.remade == (() if copied else (1,))
    found = run.verify()
    assert found.is_intact
    assert found.without_tables == ((1,) if copied else ())


@pytest.mark.parametrize("damage", ["garbage", "empty", "half", "other rows", "another value", "other columns"])
def test_tables_that_say_something_else_are_found(tmp_path: Path, damage: str) -> None:
    seen = [observation(number, full_sighting(FACTS[0])) for number in (1, 2, 3)]
    folder = written(tmp_path / "run", *seen)
    assert Run.open(folder).verify().problems == ()
    path = folder / "observations" / "dicom-00001.parquet"
    whole = path.read_bytes()
    other = {
        "other rows": "SELECT * FROM whole WHERE number < 3",
        "another value": "SELECT * REPLACE (number + 1 AS number) FROM whole",
        "other columns": "SELECT number FROM whole",
    }
    if damage in other:
        with duckdb.connect() as database:
            database.execute(f"CREATE TABLE whole AS FROM '{path}'")
            database.execute(f"COPY ({other[damage]}) TO '{path}' (FORMAT parquet)")
    else:
        path.write_bytes({"garbage": b"x" * 99, "empty": b"", "half": whole[: len(whole) // 2]}[damage])
    found = Run.open(folder).verify()
    assert not found.is_intact
    (problem,) = found.problems
    assert problem.startswith("observations/dicom-00001.parquet ")
    path.unlink()
    assert Run.open(folder).verify().is_intact


def test_odd_text_stays_text(tmp_path: Path) -> None:
    place = Place(organisation='Klinik "Zum ♥" \\ \n\x01\'; DROP', country="DE")
    folder = written(tmp_path / "run", observation(1, place=place))
    assert rows(folder, "SELECT organisation FROM 'RUN/other-*.parquet'") == [(place.organisation,)]


DAMAGES = ["change", "not UTF-8", "bottomless", "remove a line", "swap", "append", "cut", "lose a shard"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_changes_are_found(tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadglass.survey.records.log.MAX_EVIDENCE_SHARD_ENTRIES", 5)
    folder = written(tmp_path / "run", *(observation(n) for n in range(1, 8)))
    first, last = chain.shards(folder)[0], chain.shards(folder)[-1]
    lines = first.read_bytes().splitlines(keepends=True)
    match damage:
        case "change":
            lines[1] = lines[1].replace(b'"open"', b'"shut"')
        case "not UTF-8":
            lines[1] = sealed_anew(lines[0], b'{"kind":"seen","seen_at":"\x80"}')
        case "bottomless":
            lines[1] = sealed_anew(lines[0], b'{"kind":"seen","x":' + b"[" * 100_000 + b"}")
        case "remove a line":
            del lines[2]
        case "swap":
            lines[1], lines[2] = lines[2], lines[1]
        case "append":
            last.write_bytes(last.read_bytes() + lines[-1])
        case "cut":
            last.write_bytes(b"".join(last.read_bytes().splitlines(keepends=True)[:-2]))
        case _:
            first.unlink()
    if damage not in ("append", "cut", "lose a shard"):
        first.write_bytes(b"".join(lines))
    assert Run(folder, Run.open(folder).facts).verify().problems != ()


def sealed_anew(before: bytes, body: bytes) -> bytes:
    """By somebody who knows how."""
    return chain.seal(before[9:73].decode(), body)[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("level", 4),
        ("started", "2026-01-01T00:00:00Z"),
        ("finished", "2026-01-01T00:00:00Z"),
        ("finished", None),
        ("only", ["192.0.2.1"]),
        ("hosts", {"pacs.example.org": ["192.0.2.1"]}),
        ("totals", {"open": 0}),
        ("product", "another"),
        ("caller", {"calling_ae_title": "X", "user_agent": "X", "contact": "X"}),
    ],
)
def test_what_is_changed_about_a_run_is_found_and_named(tmp_path: Path, name: str, value: object) -> None:
    folder = written(tmp_path / "run", observation(1))
    assert Run.open(folder).verify().problems == ()
    facts = json.loads((folder / "run.json").read_bytes()) | {name: value}
    (folder / "run.json").write_text(json.dumps(facts))
    assert Run.open(folder).verify().problems == (f"run.json says something else than the evidence: {name}",)


def test_files_of_two_runs_that_changed_places_are_found(tmp_path: Path) -> None:
    one = written(tmp_path / "one", observation(1, full_sighting(FACTS[0])), scope=b"one")
    other = written(tmp_path / "other", observation(2, full_sighting(FACTS[0])), scope=b"other")
    tables = [str(path.relative_to(one)) for path in one.glob("observations/dicom-*.parquet")]
    assert tables
    for name in ("run.json", "scope.toml", "evidence/00001.jsonl", *tables):
        swap(one / name, other / name)
        assert Run.open(one).verify().problems, name
        assert Run.open(other).verify().problems, name
        swap(one / name, other / name)
    assert Run.open(one).verify().problems == ()


def swap(one: Path, other: Path) -> None:
    ours, theirs = one.read_bytes(), other.read_bytes()
    one.write_bytes(theirs)
    other.write_bytes(ours)


def test_a_run_whose_end_came_between_two_files_is_whole(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", observation(1))
    facts = json.loads((folder / "run.json").read_bytes()) | {"finished": None, "totals": {}, "head": ""}
    (folder / "run.json").write_text(json.dumps(facts))
    assert Run.open(folder).verify().problems == ()


def test_another_scope_beside_it_is_found(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", scope=b"one")
    (folder / "scope.toml").write_bytes(b"two")
    assert Run.open(folder).verify().problems == ("scope.toml is not the scope that the evidence begins with",)
    (folder / "scope.toml").unlink()
    assert Run.open(folder).verify().problems == ("scope.toml is missing",)


def recorded_run(folder: Path, answer: bytes, verdict: Verdict) -> Run:
    """One greeting and one count, as a campaign would have recorded them."""
    counting = CountingTalk()
    counting.receive(b"MARKER MARKER")
    sighting = Sighting(
        ending=Ending.OVER,
        tries=(tried(Act.SPEAK, "A-ASSOCIATE", verdict),),
        facts=DicomFacts(association="accepted", max_pdu_length=13),
    )
    writer = RunWriter.create(folder, begun(at=AT))
    calls = [heard("ABCDEFGH", answer), Recorded(Call(counting), outcome(), (), (Said(False, b"MARKER MARKER"),))]
    writer.record(observation(1, sighting, level=Level.COUNTS), calls)
    writer.close()
    return Run.open(folder)


def test_a_replay_sees_the_same(tmp_path: Path) -> None:
    run = recorded_run(tmp_path / "run", b"open to all.", Verdict.OPEN)
    assert b"MARKER" not in chain.shards(run.folder)[0].read_bytes()
    assert run.facts.caller == CALLER
    assert list(run.replay({Service.DICOM: greeting_prober})) == []


def test_long_words_of_ours_are_kept_by_their_hash(tmp_path: Path) -> None:
    word, other = "W" * 1025, "V" * 1025
    seen = Sighting(ending=Ending.OVER, tries=(tried(Act.SPEAK, "A-ASSOCIATE", Verdict.OPEN),))
    writer = RunWriter.create(tmp_path / "run", begun())
    writer.record(observation(1, seen), [heard(word, b"open.")])
    writer.record(observation(2, seen), [heard(other, b"open.", drawn=(word,))])
    writer.close()
    run = Run.open(tmp_path / "run")
    first, second = (e for _, e in entries_in(run.folder) if isinstance(e, entries.Seen))
    assert [words.data for words in first.calls[0].said] == [entries.Digest.of(word.encode()), b"open."]
    assert [words.data for words in second.calls[0].said] == [entries.Digest.of(other.encode()), b"open."]
    (difference,) = run.replay({Service.DICOM: greeting_prober})
    assert (difference.number, difference.what) == (2, "greeting: it says something else than what was recorded")


def test_a_replay_that_differs_says_where(tmp_path: Path) -> None:
    run = recorded_run(tmp_path / "run", b"shut.", Verdict.OPEN)
    (difference,) = run.replay({Service.DICOM: greeting_prober})
    assert (difference.number, difference.what) == (1, "`tries` is not what was recorded")


def test_a_replay_without_its_prober(tmp_path: Path) -> None:
    run = recorded_run(tmp_path / "run", b"open.", Verdict.OPEN)
    (difference,) = run.replay({})
    assert difference.what.startswith("not replayed")


def test_a_replay_of_other_connections(tmp_path: Path) -> None:
    writer = RunWriter.create(tmp_path / "run", begun())
    writer.record(observation(1), [])  # fewer
    writer.record(observation(2), [heard("ABCDEFGH", b"open."), heard("IJKLMNOP", b"open.")])  # more
    writer.record(observation(3), [heard("ABCDEFGH", b"open.", drawn=("another",))])
    writer.close()
    found = [d.what for d in Run.open(tmp_path / "run").replay({Service.DICOM: greeting_prober})]
    assert found == [
        "it asks for one connection more: greeting",
        "it asks for fewer connections",
        "greeting: it says something else than what was recorded",
    ]


def test_a_target_recorded_twice_is_found(tmp_path: Path) -> None:
    run = Run.open(written(tmp_path / "run", observation(1), observation(2), observation(1)))
    assert run.verify().problems == ("evidence/00001.jsonl, line 4: a target is recorded twice",)


def test_a_kind_of_a_later_version_is_passed_over(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", observation(1))
    (shard,) = chain.shards(folder)
    head, line = chain.seal(Run.open(folder).facts.head, b'{"kind":"of-tomorrow","what":1}')
    shard.write_bytes(shard.read_bytes() + line)
    replace(Run.open(folder).facts, head=head).write(folder)
    run = Run.open(folder)
    assert run.verify().problems == ()
    assert [o.number for o in run.observations()] == [1]
    RunWriter.resume(folder, scope_digest="").close()
