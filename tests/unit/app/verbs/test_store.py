"""What an administrator asks of the store, on a real house: list, check, find damage, delete, rotate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from helpers.archive_world import EXPLICIT, data_set
from leadglass.app.configuration import Configuration
from leadglass.app.home import Home
from leadglass.app.house import House
from leadglass.app.verbs import perform
from leadglass.archive.archive import Caller
from leadglass.archive.storing import Announced, StoreOutcome, StoringSession
from leadglass.dicom.part10 import file_meta
from leadglass.gate.devices import Device
from leadglass.gate.ledger import Event
from leadglass.terms.errors import UserFault
from leadglass.terms.evidence import Door
from leadglass.terms.principal import Action, Principal, PrincipalKind, Role, Strength

CT = "1.2.840.10008.5.1.4.1.1.2"
STUDIES = ("1.2.1", "1.2.2")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """One image in each of two studies."""
    house = await House.open(Home(tmp_path / "home"), Configuration())
    await house.registry.add_device(Device("dev-1", "scanner", fingerprint="ab" * 32))
    scanner = Principal(
        "dev-1",
        "scanner",
        PrincipalKind.DEVICE,
        frozenset({Role.DEVICE}),
        Strength.STRONG,
        frozenset({Action.STORE}),
    )
    session = StoringSession(house.archive, Caller(scanner, Door.DICOM_TLS, "192.0.2.1"), "session")
    for study in STUDIES:
        incoming = house.journal.incoming(file_meta(CT, f"{study}.1.1", EXPLICIT))
        incoming.write(memoryview(data_set(study, f"{study}.1.1", bytes(100_000))))
        incoming.finish()
        assert await session.store(incoming, Announced("", "", EXPLICIT)) is StoreOutcome.STORED
    await session.close()
    yield house
    await house.close()


async def done(house: House, verb: str, **arguments: Any) -> Any:
    return await perform(house, verb, arguments, lambda done, total: None)


async def test_studies_are_listed_without_names(house: House) -> None:
    answer = await done(house, "studies")
    assert [study["study_instance_uid"] for study in answer["studies"]] == list(STUDIES)
    assert answer["counts"]["instances"] == 2
    assert "Doe" not in repr(answer)


async def test_a_sound_store_is_clean(house: House) -> None:
    answer = await done(house, "store check")
    assert answer == {"instances": 2, "sound": 2, "unreferenced": 0, "of_deleted_studies": 0, "problems": []}


async def test_one_flipped_bit_is_named(house: House) -> None:
    [volume] = house.home.volumes.glob("*.volume")
    content = bytearray(volume.read_bytes())
    content[4096 + 50_000] ^= 1
    volume.write_bytes(content)
    answer = await done(house, "store check")
    assert answer["sound"] == 1
    assert answer["problems"]
    assert all("volume 1" in problem for problem in answer["problems"])


async def test_a_study_is_deleted_once_and_for_all(house: House) -> None:
    assert (await done(house, "study delete", study_instance_uid="1.2.1"))["instances"] == 1
    answer = await done(house, "store check")
    assert (answer["instances"], answer["sound"], answer["of_deleted_studies"]) == (1, 1, 1)
    assert answer["problems"] == []
    for uid in ("1.2.1", "1.2.9", "'; drop table studies; --", ""):
        with pytest.raises(UserFault, match="no such study"):
            await done(house, "study delete", study_instance_uid=uid)


async def test_rotation_keeps_everything_readable_and_is_recorded(house: House) -> None:
    before = (house.home.keys / "master.key").read_bytes()
    answer = await done(house, "key rotate")
    assert answer["keys"] == 2
    assert (house.home.keys / "master.key").read_bytes() != before
    assert (await done(house, "store check"))["problems"] == []
    entries = await done(house, "ledger show", event=Event.KEY_ROTATED.value)
    assert [entry["who"] for entry in entries] == ["administrator at the machine"]


async def test_a_verb_that_does_not_exist(house: House) -> None:
    with pytest.raises(UserFault, match="does not know"):
        await done(house, "fly")
