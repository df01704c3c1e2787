"""Episodes: opened durably before the first byte, shared, counted exactly, closed when left alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.ledgers import QUICK, Clock
from leadglass.gate.ledger import (
    Access,
    Entry,
    Episodes,
    EpisodeSettings,
    EpisodeState,
    EpisodeSummary,
    Event,
    Ledger,
    SigningKey,
    search,
    summarise,
)
from leadglass.terms.errors import LedgerFault
from leadglass.terms.evidence import Door
from leadglass.terms.principal import Action, Principal, PrincipalKind, Role, Strength

READER = Principal(
    "usr-1", "Dr. Röntgen", PrincipalKind.PERSON, frozenset({Role.CLINICIAN}), Strength.STRONG, frozenset(Action)
)
VIEW = Access(READER, Action.VIEW, "1.2.3", "ab" * 16, Door.HTTPS, "10.0.0.1", ("g-1",))
STORE = replace(VIEW, action=Action.STORE, door=Door.DICOM_TLS, association="a-1")


class Recorder:
    """A ledger in memory that lets a test hold back or fail what is durable."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False
        self.soon_broken = False

    async def append(self, entry: Entry) -> int:
        await self.gate.wait()
        if self.broken:
            raise LedgerFault("on cue")
        self.entries.append(entry)
        return len(self.entries) - 1

    def append_soon(self, entry: Entry) -> None:
        if self.soon_broken:
            raise LedgerFault("on cue")
        self.entries.append(entry)

    @property
    def told(self) -> list[tuple[str, dict[str, int]]]:
        return [(str(entry.event), dict(entry.counts)) for entry in self.entries]


async def test_the_opening_entry_is_durable_before_a_use_is_given() -> None:
    recorder = Recorder()
    recorder.gate.clear()
    episodes = Episodes(recorder, Clock())
    opening = asyncio.create_task(episodes.open(VIEW))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not opening.done()
    recorder.gate.set()
    use = await opening
    (entry,) = recorder.entries
    assert (entry.event, entry.principal, entry.name, entry.roles) == (
        Event.EPISODE_OPENED,
        "usr-1",
        "Dr. Röntgen",
        ("clinician",),
    )
    assert (entry.study_instance_uid, entry.patient, entry.door, entry.address, entry.action, entry.because) == (
        "1.2.3",
        "ab" * 16,
        "https",
        "10.0.0.1",
        "view",
        ("g-1",),
    )
    assert entry.episode == use.episode_id
    use.release()
    await episodes.close()


async def test_requests_of_one_reading_share_one_episode_with_exact_counts() -> None:
    recorder = Recorder()
    episodes = Episodes(recorder, Clock())
    for _ in range(2000):
        with await episodes.open(VIEW) as use:
            use.count(instances=1, octets=500)
    await episodes.close()
    assert recorder.told == [("episode-opened", {}), ("episode-closed", {"instances": 2000, "bytes": 1_000_000})]


async def test_uses_at_once_share_the_opening_entry() -> None:
    recorder = Recorder()
    recorder.gate.clear()
    episodes = Episodes(recorder, Clock())
    openings = [asyncio.create_task(episodes.open(VIEW)) for _ in range(5)]
    await asyncio.sleep(0)
    recorder.gate.set()
    uses = await asyncio.gather(*openings)
    assert len({use.episode_id for use in uses}) == 1
    for use in uses:
        use.count(instances=1)
        use.release()
    await episodes.close()
    assert recorder.told == [("episode-opened", {}), ("episode-closed", {"instances": 5})]


@pytest.mark.parametrize(
    "other",
    [
        replace(VIEW, study_instance_uid="1.2.4"),
        replace(VIEW, action=Action.DOWNLOAD),
        replace(VIEW, door=Door.DICOM),
        replace(VIEW, address="10.0.0.2"),
        replace(VIEW, principal=replace(READER, id="usr-2")),
    ],
)
async def test_other_accesses_have_episodes_of_their_own(other: Access) -> None:
    recorder = Recorder()
    episodes = Episodes(recorder, Clock())
    one, two = await episodes.open(VIEW), await episodes.open(other)
    assert one.episode_id != two.episode_id
    await episodes.close()


async def test_a_ledger_that_cannot_be_written_opens_nothing_and_the_next_request_tries_again() -> None:
    recorder = Recorder()
    recorder.broken = True
    episodes = Episodes(recorder, Clock())
    results = await asyncio.gather(episodes.open(VIEW), episodes.open(VIEW), return_exceptions=True)
    assert [type(result) for result in results] == [LedgerFault, LedgerFault]
    assert episodes.open_count == 0
    recorder.broken = False
    (await episodes.open(VIEW)).release()
    await episodes.close()
    assert [event for event, _ in recorder.told] == ["episode-opened", "episode-closed"]


async def test_a_caller_who_goes_away_while_it_opens_does_not_spoil_it_for_others() -> None:
    recorder = Recorder()
    recorder.gate.clear()
    episodes = Episodes(recorder, Clock())
    first, second = (asyncio.create_task(episodes.open(VIEW)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    recorder.gate.set()
    use = await second
    use.count(instances=1)
    use.release()
    await episodes.close()
    assert recorder.told == [("episode-opened", {}), ("episode-closed", {"instances": 1})]


async def test_progress_is_written_when_there_is_some_and_the_episode_ends_when_left_alone() -> None:
    recorder, now = Recorder(), asyncio.get_running_loop().time()
    episodes = Episodes(recorder, Clock(), EpisodeSettings(linger_seconds=30))
    use = await episodes.open(VIEW)
    episodes.tick(now)
    use.count(instances=3, octets=30)
    episodes.tick(now + 5)
    episodes.tick(now + 10)
    use.count(failures=1)
    episodes.tick(now + 1000)
    use.release()
    use.release()
    episodes.tick(now + 29)
    assert episodes.open_count == 1
    episodes.tick(now + 31)
    assert episodes.open_count == 0
    final = {"instances": 3, "bytes": 30, "failures": 1}
    assert recorder.told == [
        ("episode-opened", {}),
        ("episode-progress", {"instances": 3, "bytes": 30}),
        ("episode-progress", final),
        ("episode-closed", final),
    ]
    with pytest.raises(ValueError, match="over"):
        use.count(instances=1)
    await episodes.close()


async def test_the_ticker_works_by_itself() -> None:
    recorder = Recorder()
    episodes = Episodes(recorder, Clock(), EpisodeSettings(linger_seconds=0.001, progress_seconds=0.002))
    with await episodes.open(VIEW) as use:
        use.count(instances=1)
    async with asyncio.timeout(30):
        while episodes.open_count:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
    await episodes.close()


async def test_an_ingest_episode_belongs_to_one_association_and_closes_at_once() -> None:
    recorder = Recorder()
    episodes = Episodes(recorder, Clock())
    with await episodes.open(STORE) as use:
        for _ in range(40):
            use.count(instances=1, octets=10)
    with await episodes.open(replace(STORE, association="a-2")) as use:
        use.count(instances=1)
    assert [event for event, _ in recorder.told] == ["episode-opened", "episode-closed"] * 2
    assert recorder.entries[0].detail == {"association": "a-1"}
    assert recorder.told[1][1] == {"instances": 40, "bytes": 400}
    assert recorder.entries[0].episode != recorder.entries[2].episode
    await episodes.close()


async def test_counts_wait_for_a_ledger_that_cannot_take_them() -> None:
    recorder, now = Recorder(), asyncio.get_running_loop().time()
    episodes = Episodes(recorder, Clock())
    with await episodes.open(STORE) as use:
        use.count(instances=2)
        recorder.soon_broken = True
        episodes.tick(now)
    assert [event for event, _ in recorder.told] == ["episode-opened"]
    recorder.soon_broken = False
    episodes.tick(now + 1)
    assert recorder.told[-1] == ("episode-closed", {"instances": 2})
    await episodes.close()


async def test_closing_says_when_counts_could_not_be_recorded() -> None:
    recorder = Recorder()
    episodes = Episodes(recorder, Clock())
    await episodes.open(VIEW)
    recorder.soon_broken = True
    with pytest.raises(LedgerFault, match="1 episodes"):
        await episodes.close()
    with pytest.raises(LedgerFault, match="stopping"):
        await episodes.open(VIEW)


async def test_open_episodes_have_a_ceiling() -> None:
    recorder = Recorder()
    episodes = Episodes(recorder, Clock(), EpisodeSettings(most_open=2))
    first = await episodes.open(VIEW)
    second = await episodes.open(replace(VIEW, study_instance_uid="1.2.4"))
    with pytest.raises(LedgerFault, match="2 studies"):
        await episodes.open(replace(VIEW, study_instance_uid="1.2.5"))
    first.release()
    await episodes.open(replace(VIEW, study_instance_uid="1.2.5"))
    assert episodes.open_count == 2
    second.release()
    await episodes.close()


async def test_after_a_crash_the_ledger_says_at_least(tmp_path: Path) -> None:
    key, clock = SigningKey.generate(), Clock()
    ledger = Ledger.open(tmp_path, key, clock=clock, settings=QUICK)
    episodes = Episodes(ledger, clock)
    with await episodes.open(replace(VIEW, study_instance_uid="1.2.2")) as closed:
        closed.count(instances=9)
    episodes.tick(asyncio.get_running_loop().time() + 100)
    use = await episodes.open(VIEW)
    use.count(instances=12, octets=100)
    episodes.tick(asyncio.get_running_loop().time())
    use.count(instances=5)
    await ledger.close()  # without closing the episodes: what a crash leaves
    shown = [e for e in summarise(search(tmp_path, principal="usr-1", with_sessions=True)) if not isinstance(e, Entry)]
    assert [(e.state, e.words) for e in shown] == [
        (EpisodeState.CLOSED, "9 instances"),
        (EpisodeState.OPEN, "still open; at least 12 instances, 100 bytes"),
    ]
    ledger = Ledger.open(tmp_path, key, clock=clock, settings=QUICK)
    await ledger.close()
    shown = [e for e in summarise(search(tmp_path, study="1.2.3", with_sessions=True)) if isinstance(e, EpisodeSummary)]
    assert [(e.state, e.words, e.first.name) for e in shown] == [
        (EpisodeState.CRASHED, "ended by a crash; at least 12 instances, 100 bytes", "Dr. Röntgen")
    ]
    await asyncio.gather(episodes.close(), return_exceptions=True)
