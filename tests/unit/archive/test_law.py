"""The laws over random playbooks: nothing leaves without an earlier durable entry, and success means durable.

A ledger that fails on cue stands under find, search, get, move, describe, bulk data and store in any order. Whenever
bytes of an answer or an object are about to leave, an entry about their study must already be durable; while the
ledger fails, none leave.
"""

from __future__ import annotations

import asyncio
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.archive_world import ArchiveWorld, data_set
from helpers.conversations import Lender, find, get, identifier, move, receiving, store
from helpers.playbook import Playbook
from leadglass.archive import searching
from leadglass.archive.archive import Caller
from leadglass.archive.bulk_data import BulkValue, bulk_value
from leadglass.archive.describing import Description, describe
from leadglass.archive.metadata.process import serve
from leadglass.archive.metadata.renderer import Question, Renderer
from leadglass.archive.metadata.wire import ANSWER, MARK, QUESTION, Outcome
from leadglass.archive.retrieving import RetrieveRequest
from leadglass.archive.searching import SearchAnswer, SearchRequest, search
from leadglass.dicom.dictionary import tag_of
from leadglass.gate.ledger import Entry, Event
from leadglass.store.index.instances import known_instances
from leadglass.store.index.matching import QueryLevel, Single
from leadglass.terms.errors import LedgerFault
from leadglass.terms.principal import Action

STUDIES = ("1.2.1", "1.2.2")
SUCCESS, OUT_OF_RESOURCES, DUPLICATE = 0x0000, 0xA700, 0x0111


@dataclass
class Watch:
    """Looks at each byte that leaves and each entry that becomes durable, in their true order.

    A page of answers needs an entry of its own. Objects need the opening entry of an episode: the same caller's next
    look at the same study, soon after, belongs to the same episode.
    """

    world: ArchiveWorld
    fail_from: set[int] = field(default_factory=set)
    appends: int = 0
    broken_now: bool = False
    since: int = 0

    def install(self) -> None:
        real = self.world.ledger.append

        async def append(entry: Entry) -> int:
            if entry.event not in (Event.EPISODE_OPENED, Event.QUERIED):
                return await real(entry)
            self.appends += 1
            if self.appends in self.fail_from:
                self.broken_now = True
                raise LedgerFault("on cue")
            return await real(entry)

        self.world.ledger.append = append  # type: ignore[method-assign]

    def begin(self) -> None:
        self.since, self.broken_now = len(self.world.ledger.durable), False

    def answering(self) -> None:
        """Called before an identifier leaves."""
        assert not self.broken_now, "an answer leaves although the ledger has just failed"
        assert len(self.world.ledger.durable) > self.since, "an answer leaves and nothing was written down before"

    def releasing(self, study: str, action: str) -> Callable[[], None]:
        """To be called before an object of `study` leaves."""

        def look() -> None:
            assert not self.broken_now, "an object leaves although the ledger has just failed"
            assert (study, action) in self.opened(), "an object leaves and its study was not written down before"

        return look

    def opened(self) -> set[tuple[str, str]]:
        return {(entry.study_instance_uid, entry.action) for entry in self.world.ledger.durable}

    def disclosed(self) -> set[str]:
        """Studies this request wrote down as told."""
        return {one.study_instance_uid for entry in self.world.ledger.durable[self.since :] for one in entry.disclosed}


LOOKS = ["find", "search", "get", "move", "describe", "bulk"]
STEP = st.one_of(
    st.tuples(
        st.just("store"), st.sampled_from(STUDIES), st.integers(1, 3), st.sampled_from([b"pixels..", b"others.."])
    ),
    st.tuples(st.sampled_from(LOOKS), st.sampled_from(STUDIES), st.just(0), st.just(b"")),
)


class InPlace(Renderer):
    """What the process would answer, without one: every example would start its own."""

    async def ask(self, question: Question) -> tuple[Outcome, bytes]:
        argument, data = question.argument.encode(), bytes(question.data)
        syntax = question.transfer_syntax.encode()
        head = QUESTION.pack(question.verb, syntax, question.length, question.has_more, len(argument), len(data))
        answers = io.BytesIO()
        serve(io.BytesIO(head + argument + data), answers)
        answer = answers.getvalue()[ANSWER.size :]  # behind the word that it is ready
        return Outcome(ANSWER.unpack_from(answer)[0]), answer[ANSWER.size :]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEP, min_size=1, max_size=12), st.sets(st.integers(1, 20), max_size=8))
def test_nothing_leaves_without_an_earlier_entry(steps: list[tuple[str, str, int, bytes]], fail_from: set[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "MAX_FIND_PAGE", 2)
        asyncio.run(_play(steps, fail_from))


async def _play(steps: list[tuple[str, str, int, bytes]], fail_from: set[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = ArchiveWorld(Path(folder))
        world.archive.metadata.renderer = InPlace()
        scanner = await world.device()
        ann = await world.reader(Action.QUERY, Action.VIEW, Action.DOWNLOAD)
        await world.device("ws", address="10.0.0.9:104")
        watch = Watch(world, fail_from)
        watch.install()
        acknowledged: dict[str, bytes] = {}
        for step in steps:
            watch.begin()
            await _step(world, watch, scanner, ann, step, acknowledged)
        await _all_acknowledged_are_there(world, acknowledged)
        await world.close()


async def _step(
    world: ArchiveWorld,
    watch: Watch,
    scanner: Caller,
    ann: Caller,
    step: tuple[str, str, int, bytes],
    acknowledged: dict[str, bytes],
) -> None:
    verb, study, number, pixels = step
    asked = identifier("STUDY", StudyInstanceUID=study)
    if verb == "store":
        uid, content = f"{study}.1.{number}", data_set(study, f"{study}.1.{number}", pixels)
        status = await store(world, scanner, Playbook(), content, uid)
        _check_store(status, uid, content, acknowledged, watch)
    elif verb == "find":
        played = Playbook(before_bytes=watch.answering)
        status = await find(world, ann, played, asked)
        assert {str(answer[tag_of("StudyInstanceUID")]) for answer in played.answers()} <= watch.disclosed()
        assert (status == OUT_OF_RESOURCES) == watch.broken_now
    elif verb == "search":
        await _search(world, watch, ann, study, acknowledged)
    elif verb == "get":
        peer = receiving(before_bytes=watch.releasing(study, "view"))
        await get(world, ann, peer, asked)
        _check_objects(peer, study, watch, acknowledged)
    elif verb == "describe":
        await _describe(world, watch, ann, study, acknowledged)
    elif verb == "bulk":
        await _bulk(world, watch, ann, study, acknowledged)
    else:
        lender = Lender(receiving(before_bytes=watch.releasing(study, "download")))
        await move(world, ann, Playbook(), lender, asked)
        _check_objects(lender.receiver, study, watch, acknowledged)


async def _search(world: ArchiveWorld, watch: Watch, ann: Caller, study: str, acknowledged: dict[str, bytes]) -> None:
    """All of the study that was acknowledged, page by page and each page written down; nothing once that fails."""
    came: list[str] = []
    expected = sorted(uid for uid in acknowledged if uid.startswith(f"{study}."))
    try:
        answer = await search(world.archive, ann, SearchRequest(QueryLevel.IMAGE, {"StudyInstanceUID": Single(study)}))
        assert isinstance(answer, SearchAnswer)
        async for page in answer.pages:
            watch.answering()
            told = sum(entry.counts["answers"] for entry in world.ledger.durable[watch.since :])
            came += [json.loads(one)["00080018"]["Value"][0] for one in page]
            assert len(came) <= told
    except LedgerFault:
        assert watch.broken_now
        assert came == expected[: len(came)]
    else:
        assert came == expected


async def _describe(world: ArchiveWorld, watch: Watch, ann: Caller, study: str, acknowledged: dict[str, bytes]) -> None:
    """All of the study that was acknowledged, or nothing at all."""
    expected = {uid for uid in acknowledged if uid.startswith(f"{study}.")}
    try:
        described = await describe(world.archive, ann, RetrieveRequest(QueryLevel.STUDY, (study,), {}))
    except LedgerFault:
        assert watch.broken_now
        return
    if described is None:
        assert not expected
        return
    assert isinstance(described, Description)
    async with described:
        came = set()
        async for one in described.objects():
            watch.releasing(study, "view")()
            came.add(json.loads(one.replace(MARK, b""))["00080018"]["Value"][0])
    assert came == expected


async def _bulk(world: ArchiveWorld, watch: Watch, ann: Caller, study: str, acknowledged: dict[str, bytes]) -> None:
    uid = f"{study}.1.1"
    within = {"StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1"}
    try:
        value = await bulk_value(world.archive, ann, RetrieveRequest(QueryLevel.IMAGE, (uid,), within), "7FE00010")
    except LedgerFault:
        assert watch.broken_now
        return
    if value is None:
        assert uid not in acknowledged
        return
    assert isinstance(value, BulkValue)
    async with value:
        pieces = [piece async for piece in value.pieces(0, value.length)]
        watch.releasing(study, "view")()
    assert acknowledged[uid].endswith(b"".join(pieces))


def _check_store(status: int, uid: str, content: bytes, acknowledged: dict[str, bytes], watch: Watch) -> None:
    if watch.broken_now:
        assert status == OUT_OF_RESOURCES
    elif uid in acknowledged:
        assert status == (SUCCESS if acknowledged[uid] == content else DUPLICATE)
    else:
        assert status == SUCCESS
        acknowledged[uid] = content


def _check_objects(receiver: Playbook, study: str, watch: Watch, acknowledged: dict[str, bytes]) -> None:
    """All of the study that was acknowledged, byte for byte, or nothing at all."""
    expected = [] if watch.broken_now else sorted(uid for uid in acknowledged if uid.startswith(f"{study}."))
    came = {getattr(message, "affected_sop_instance_uid", ""): content for message, content in receiver.requested}
    assert came == {uid: acknowledged[uid] for uid in expected}


async def _all_acknowledged_are_there(world: ArchiveWorld, acknowledged: dict[str, bytes]) -> None:
    """Success means durable and found again: byte for byte, and nothing that was not acknowledged."""
    rows = await world.index.read(known_instances, list(acknowledged))
    assert set(rows) == set(acknowledged)
    for uid, content in acknowledged.items():
        key = await world.archive.keys.for_storing(rows[uid].study_instance_uid)
        whole = await world.journal.read_whole(rows[uid].location, key)
        assert whole[rows[uid].location.dataset_offset :] == content
