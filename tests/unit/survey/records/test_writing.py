"""What is recorded can be read again, and a run goes on where it stopped."""

from pathlib import Path

import pytest

from helpers import evidencecheck
from helpers.sightings import observation
from helpers.survey_records import CountingTalk, begun, heard, outcome, silent, written
from leadglass.net.conversing import Ending
from leadglass.survey.conversation import Said
from leadglass.survey.level import Level
from leadglass.survey.probe import Call
from leadglass.survey.recorder import Recorded
from leadglass.survey.records import Run, RunWriter, chain, entries, log, numbers_in, parquet
from leadglass.survey.records.numbers import Numbers, ranges_of
from leadglass.survey.records.reading import entries_in
from leadglass.terms.errors import StorageFault, UserFault


def evidence(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in chain.shards(folder))


def test_what_was_recorded_is_read_again(tmp_path: Path) -> None:
    run = Run.open(written(tmp_path / "run", observation(1), observation(2, source="shodan"), observation(3)))
    seen = list(run.observations())
    assert [o.number for o in seen] == [1, 2, 3]
    assert seen[0].sighting == observation(1).sighting
    assert seen[0].target == observation(1).target
    assert len({o.evidence for o in seen}) == 3
    assert [s.address for s in run.systems()] == [o.target.address for o in seen]
    assert run.facts.finished is not None
    assert run.facts.totals == {"targets": 3}


def test_an_outsider_finds_the_same(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", observation(1), silent(2), scope=b"a scope")
    checked = Run.open(folder).verify()
    assert checked.problems == ()
    assert checked.is_closed
    assert evidencecheck.check(folder) == (checked.entries, checked.head)
    assert Run.open(folder).facts.head == checked.head


def test_where_nobody_answered_only_numbers_are_kept(tmp_path: Path) -> None:
    endings = [Ending.SILENT, Ending.REFUSED, Ending.UNREACHABLE]
    folder = written(tmp_path / "run", *(silent(n, endings[n % 3]) for n in range(1, 30_001)))
    assert len(evidence(folder)) < 600_000
    assert b"192.0.2" not in evidence(folder)
    done = numbers_in(folder)
    assert len(done) == 30_000
    assert 1 in done
    assert 30_001 not in done
    assert list(Run.open(folder).observations()) == []


def test_an_imported_silence_is_kept_whole(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", observation(1, silent(1).sighting, source="nmap"))
    assert [o.source for o in Run.open(folder).observations()] == ["nmap"]


def test_a_run_is_not_written_over(tmp_path: Path) -> None:
    folder = written(tmp_path / "run")
    before = evidence(folder)
    with pytest.raises(UserFault, match="holds a run already"):
        RunWriter.create(folder, begun())
    assert evidence(folder) == before


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first = RunWriter.create(folder, begun())
    first.record(observation(1), [])
    first.record(silent(2), [])
    first.close(finished=False)
    assert Run.open(folder).facts.finished is None
    second = RunWriter.resume(folder, scope_digest="")
    assert [n for n in range(5) if n in second.done] == [1, 2]
    second.record(observation(3), [])
    second.close()
    run = Run.open(folder)
    assert [o.number for o in run.observations()] == [1, 3]
    assert run.verify().problems == ()
    assert run.facts.finished is not None
    evidencecheck.check(folder)


def test_only_with_the_same_scope(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", scope=b"one scope")
    with pytest.raises(UserFault, match="of another scope"):
        RunWriter.resume(folder, scope_digest="00")
    with pytest.raises(UserFault, match="holds no run"):
        RunWriter.resume(tmp_path, scope_digest="00")


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    writer = RunWriter.create(tmp_path / "run", begun())
    try:
        with pytest.raises(UserFault, match="is going on"):
            RunWriter.resume(tmp_path / "run", scope_digest="")
    finally:
        writer.close()


def test_a_line_written_by_half_is_cut(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", observation(1), observation(2))
    shard = chain.shards(folder)[0]
    whole = shard.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for cut in (last + 1, last + 40, len(whole) - 1):
        for tail in (b"", b"\0" * 512, b"\0" * 100 + b"\n"):
            if tail and cut != len(whole) - 1:
                continue
            shard.write_bytes(whole[:cut] + tail)
            assert [o.number for o in Run.open(folder).observations()] == [1, 2]
            writer = RunWriter.resume(folder, scope_digest="")
            assert len(writer.done) == 2
            writer.close()
            assert Run.open(folder).verify().problems == ()
            evidencecheck.check(folder)


def test_changed_evidence_is_not_gone_on_with(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", observation(1), observation(2))
    shard = chain.shards(folder)[0]
    shard.write_bytes(shard.read_bytes().replace(b"Hesse", b"Essen", 1))
    with pytest.raises(UserFault, match="line 2"):
        RunWriter.resume(folder, scope_digest="")
    with pytest.raises(UserFault, match="does not follow"):
        list(Run.open(folder).observations())


def test_shards_roll_and_the_chain_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MAX_EVIDENCE_SHARD_ENTRIES", 10)
    folder = written(tmp_path / "run", *(observation(n) for n in range(1, 36)))
    assert [path.name for path in chain.shards(folder)] == [f"0000{n}.jsonl" for n in range(1, 5)]
    assert Run.open(folder).verify().problems == ()
    evidencecheck.check(folder)
    assert all(parquet.has_tables(folder, shard) for shard in range(1, 5))
    writer = RunWriter.resume(folder, scope_digest="")
    writer.record(observation(36), [])
    writer.close()
    assert Run.open(folder).verify().problems == ()
    assert [o.number for o in Run.open(folder).observations()] == list(range(1, 37))


def test_above_access_nothing_said_is_kept(tmp_path: Path) -> None:
    class Careless(CountingTalk):
        tally = None  # type: ignore[assignment]

    said = (Said(True, b"how many?"), Said(False, b"MARKER"))
    calls = [Recorded(Call(talk), outcome(), (), said) for talk in (CountingTalk(), Careless())]
    writer = RunWriter.create(tmp_path / "run", begun())
    writer.record(observation(1), [*calls, heard("WORD", b"openMARKER.")])
    writer.close()
    (entry,) = (e for _, e in entries_in(tmp_path / "run") if isinstance(e, entries.Seen))
    assert [call.tally for call in entry.calls] == [{"count": 0}, {}, None]
    assert [call.said for call in entry.calls[:2]] == [(), ()]
    assert [words.data for words in entry.calls[2].said] == [b"WORD", b"open."]
    assert entry.calls[0].level is Level.COUNTS


def test_what_is_longer_than_an_entry_keeps_its_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MAX_EVIDENCE_ENTRY", 2000)
    writer = RunWriter.create(tmp_path / "run", begun())
    writer.record(observation(1), [heard("W" * 3000, b"open.")])
    writer.close()
    (entry,) = (e for _, e in entries_in(tmp_path / "run") if isinstance(e, entries.Seen))
    assert entry.calls_left_out
    assert entry.calls == ()


def test_a_disk_that_fails_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RunWriter.create(tmp_path / "run", begun())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer._log, "_put", full)
    writer.record(observation(1), [])
    with pytest.raises(StorageFault, match="No space left"):
        writer.close()


def test_numbers() -> None:
    some = Numbers([0, 7, 8, 1_000_000])
    some.add_range(20, 22)
    some.add(7)
    assert len(some) == 7
    assert [n for n in range(30) if n in some] == [0, 7, 8, 20, 21, 22]
    assert 1_000_000 in some
    assert 1_000_001 not in some
    assert 10**12 not in some
    assert ranges_of([5, 1, 2, 3, 9]) == ((1, 3), (5, 5), (9, 9))
    assert ranges_of([]) == ()


def test_tables_that_cannot_be_written_leave_the_run_whole(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    writer = RunWriter.create(folder, begun())
    writer.record(observation(1), [])
    (folder / "observations").write_text("in the way")
    with pytest.raises(StorageFault, match="tables"):
        writer.close()
    (folder / "observations").unlink()
    run = Run.open(folder)
    assert run.facts.finished is not None
    assert run.verify().problems == ()
    assert parquet.has_tables(folder, 1)


def test_after_a_failure_the_folder_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RunWriter.create(tmp_path / "run", begun())
    with monkeypatch.context() as disk:
        disk.setattr(writer._log, "_put", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        writer.record(observation(1), [])
        with pytest.raises(StorageFault):
            writer.close()
    RunWriter.resume(tmp_path / "run", scope_digest="").close()
    assert Run.open(tmp_path / "run").verify().problems == ()
