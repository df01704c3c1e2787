"""C-MOVE destinations: where they listen, what is proposed to them, and that associations are used again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from helpers.callers import DAY, NOW, device
from helpers.index_world import location
from leadglass.archive import destinations as destinations_module
from leadglass.archive.destinations import Destination, Destinations, batches
from leadglass.dicom import uids
from leadglass.dicom.upperlayer import AssociateRq, ProposedContext
from leadglass.net.errors import NetFault, TlsFault
from leadglass.net.tls import TlsContext
from leadglass.store.index.retrieval import StoredObject
from leadglass.terms.ae_title import AETitle
from leadglass.terms.evidence import CertificateFacts, Door, Evidence

WORKSTATION = Destination("WS", "10.0.0.9", 104, uses_tls=False)
JPEG = "1.2.840.10008.1.2.4.50"
CONTEXTS = [ProposedContext(1, uids.CT_IMAGE_STORAGE, (uids.EXPLICIT_VR_LITTLE_ENDIAN,))]


class Association:
    """An association that only knows whether it is open."""

    def __init__(self, request: AssociateRq, tls: object) -> None:
        self.associate_rq, self.tls = request, tls
        self.is_open = True
        self.how = ""
        certificate = CertificateFacts("ab" * 32, "CN=WS", NOW, NOW + DAY) if tls else None
        self.evidence = Evidence(Door.DICOM_TLS if tls else Door.DICOM, "10.0.0.9", certificate)

    def abort(self) -> None:
        self.is_open, self.how = False, "aborted"

    async def release(self) -> None:
        self.is_open, self.how = False, "released"


class Opener:
    """Stands where the connector stands; keeps what was opened."""

    def __init__(self) -> None:
        self.opened: list[Association] = []
        self.fault: NetFault | None = None

    async def __call__(
        self,
        host: str,
        port: int,
        request: AssociateRq,
        *,
        tls: TlsContext | None = None,
        timeout: float,  # noqa: ASYNC109 - the connector's own word
    ) -> Association:
        if self.fault is not None:
            raise self.fault
        self.opened.append(Association(request, tls))
        return self.opened[-1]


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch) -> Opener:
    opener = Opener()
    monkeypatch.setattr(destinations_module, "open_association", opener)
    return opener


@pytest.fixture
async def lending() -> AsyncIterator[Destinations]:
    lending = Destinations(AETitle.of("LEADGLASS"), lambda: "tls")  # type: ignore[arg-type,return-value]
    yield lending
    await lending.close()


@pytest.mark.parametrize(
    ("address", "host", "port"), [("10.0.0.9:104", "10.0.0.9", 104), ("[fe80::1]:11112", "fe80::1", 11112)]
)
def test_a_destination_is_where_the_device_listens(address: str, host: str, port: int) -> None:
    assert Destination.of(device(address=address, tls_only=True)) == Destination("CT1", host, port, uses_tls=True)


async def test_an_idle_association_is_lent_again(opener: Opener, lending: Destinations) -> None:
    for _ in range(2):
        async with lending.lend(WORKSTATION, CONTEXTS) as association:
            assert association.is_open
    assert len(opener.opened) == 1
    [request] = [one.associate_rq for one in opener.opened]
    assert (request.called_ae_title.text, request.calling_ae_title.text) == ("WS", "LEADGLASS")
    async with lending.lend(WORKSTATION, [*CONTEXTS, ProposedContext(3, "1.2", ("1.3",))]):
        assert len(opener.opened) == 2, "other contexts need another association"


async def test_two_at_a_time_are_two_associations(opener: Opener, lending: Destinations) -> None:
    async with lending.lend(WORKSTATION, CONTEXTS) as one, lending.lend(WORKSTATION, CONTEXTS) as two:
        assert one is not two
    await lending.close()
    await asyncio.sleep(0)
    assert [association.how for association in opener.opened] == ["released", "released"]


async def test_one_that_failed_or_ended_is_not_lent_again(opener: Opener, lending: Destinations) -> None:
    with pytest.raises(ZeroDivisionError):
        async with lending.lend(WORKSTATION, CONTEXTS):
            raise ZeroDivisionError
    assert opener.opened[0].how == "aborted"
    async with lending.lend(WORKSTATION, CONTEXTS):
        pass
    opener.opened[1].is_open = False  # the peer hung up while it was idle
    async with lending.lend(WORKSTATION, CONTEXTS):
        assert len(opener.opened) == 3


async def test_tls_devices_are_called_over_tls(opener: Opener, lending: Destinations) -> None:
    await lending.open(Destination("WS", "10.0.0.9", 2762, uses_tls=True, fingerprint="ab" * 32), CONTEXTS)
    await lending.open(WORKSTATION, CONTEXTS)
    assert [association.tls for association in opener.opened] == ["tls", None]


async def test_another_certificate_than_the_enrolled_one_gets_nothing(opener: Opener, lending: Destinations) -> None:
    for fingerprint in ("cd" * 32, ""):
        with pytest.raises(TlsFault, match="another certificate"):
            await lending.open(Destination("WS", "10.0.0.9", 2762, uses_tls=True, fingerprint=fingerprint), CONTEXTS)
    assert [association.how for association in opener.opened] == ["aborted", "aborted"]


async def test_a_destination_that_cannot_be_reached_says_so(opener: Opener, lending: Destinations) -> None:
    opener.fault = NetFault("on cue")
    with pytest.raises(NetFault):
        async with lending.lend(WORKSTATION, CONTEXTS):
            raise AssertionError("there is no association")


async def test_closing_ends_what_runs_in_the_background(lending: Destinations) -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    lending.in_background(work())
    await asyncio.sleep(0)
    await lending.close()
    assert ended == ["ended"]


# --- what is proposed ----------------------------------------------------------------------------------------


def _objects(classes: int) -> Sequence[StoredObject]:
    return [
        StoredObject(f"1.2.{n}", f"1.9.{n}", JPEG, location(n), "1.2", "1.2.1", "P1", "", None) for n in range(classes)
    ]


def test_each_form_is_proposed_as_it_is_and_each_class_uncompressed() -> None:
    [(part, contexts)] = batches([*_objects(1), *_objects(1)])
    assert len(part) == 2
    assert [(context.presentation_context_id, context.transfer_syntaxes) for context in contexts] == [
        (1, (uids.EXPLICIT_VR_LITTLE_ENDIAN, uids.IMPLICIT_VR_LITTLE_ENDIAN)),
        (3, (JPEG,)),
    ]


@pytest.mark.parametrize(("classes", "parts"), [(0, []), (64, [64]), (65, [64, 1]), (200, [64, 64, 64, 8])])
def test_parts_fit_the_128_contexts_of_one_association(classes: int, parts: list[int]) -> None:
    cut = list(batches(_objects(classes)))
    assert [len(part) for part, _ in cut] == parts
    assert all(len(contexts) <= 128 for _, contexts in cut)
    assert [stored for part, _ in cut for stored in part] == list(_objects(classes))
