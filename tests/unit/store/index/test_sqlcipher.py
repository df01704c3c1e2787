"""What is true of the embedded database alone: encryption, keys, files, other processes, durability."""

from __future__ import annotations

import asyncio
import stat
import sys
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as driver
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from sqlalchemy import Connection

from helpers.index_world import ALL, new
from leadglass.store.index.deletion import destroy_study
from leadglass.store.index.instances import add_instances
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.queries import find
from leadglass.store.index.settings import get_setting, put_setting
from leadglass.store.index.sqlcipher import SqlcipherDatabase
from leadglass.store.index.study_keys import add_study_key
from leadglass.store.keys.study import WrappedKey
from leadglass.terms.errors import IntegrityFault, LocalViolation, OutOfSpace, UserFault

KEY = bytes(range(32))


async def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    database = await SqlcipherDatabase.open(tmp_path / "i.db", KEY)
    await database.write(put_setting, "a", "1", durable=False)
    await database.close()
    database = await SqlcipherDatabase.open(tmp_path / "i.db", KEY)
    assert await database.read(get_setting, "a") == "1"
    await database.close()


async def test_nothing_readable_lies_on_the_disk(tmp_path: Path) -> None:
    database = await SqlcipherDatabase.open(tmp_path / "i.db", KEY)
    await database.write(add_instances, [new(patient_name="UNMISTAKABLE^JANE", patient_id="PID-4711")])
    for _ in range(2):
        on_disk = _everything_in(tmp_path)
        for secret in (b"UNMISTAKABLE", b"unmistakable", b"PID-4711", b"SQLite format", b"studies"):
            assert secret not in on_disk
        await database.close()


def _everything_in(folder: Path) -> bytes:
    files = list(folder.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    return b"".join(file.read_bytes() for file in files)


async def test_a_wrong_key_is_said_in_clear_words(tmp_path: Path) -> None:
    await (await SqlcipherDatabase.open(tmp_path / "i.db", KEY)).close()
    before = (tmp_path / "i.db").read_bytes()
    with pytest.raises(UserFault, match="wrong master key") as caught:
        await SqlcipherDatabase.open(tmp_path / "i.db", bytes(32))
    assert "backup" in caught.value.advice
    assert (tmp_path / "i.db").read_bytes() == before


async def test_a_key_of_another_length_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        await SqlcipherDatabase.open(tmp_path / "i.db", b"short")


async def test_a_folder_that_cannot_be_written_is_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="cannot be opened"):
        await SqlcipherDatabase.open(tmp_path / "missing" / "i.db", KEY)


async def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "sqlite_version_info", (3, 51, 2))
    with pytest.raises(UserFault, match=r"older than 3\.51\.3"):
        await SqlcipherDatabase.open(tmp_path / "i.db", KEY)


async def test_a_closed_database_takes_no_calls(tmp_path: Path) -> None:
    database = await SqlcipherDatabase.open(tmp_path / "i.db", KEY)
    await database.close()
    with pytest.raises(LocalViolation):
        await database.read(get_setting, "a")


async def test_calls_made_before_closing_are_finished(tmp_path: Path) -> None:
    database = await SqlcipherDatabase.open(tmp_path / "i.db", KEY)
    calls = [asyncio.ensure_future(database.write(put_setting, str(n), "x")) for n in range(100)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*calls)
    database = await SqlcipherDatabase.open(tmp_path / "i.db", KEY)
    assert await database.read(get_setting, "99") == "x"
    await database.close()


def _settings(conn: Connection) -> str:
    [synchronous] = conn.exec_driver_sql("PRAGMA synchronous").one()
    [mode] = conn.exec_driver_sql("PRAGMA journal_mode").one()
    [secure] = conn.exec_driver_sql("PRAGMA secure_delete").one()
    [foreign] = conn.exec_driver_sql("PRAGMA foreign_keys").one()
    return f"{synchronous} {mode} {secure} {foreign}"


async def test_durable_writes_are_synchronised_in_full(tmp_path: Path) -> None:
    database = await SqlcipherDatabase.open(tmp_path / "i.db", KEY)
    assert await database.write(_settings) == "2 wal 1 1"
    assert await database.write(_settings, durable=False) == "1 wal 1 1"
    assert await database.write(_settings, durable=True) == "2 wal 1 1"
    await database.close()


_OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from leadglass.store.index.settings import put_setting
from leadglass.store.index.sqlcipher import SqlcipherDatabase
async def main():
    database = await SqlcipherDatabase.open(Path(sys.argv[1]), bytes(range(32)))
    for n in range(100):
        await database.write(put_setting, f"other {n}", "x")
    await database.close()
asyncio.run(main())
"""


async def test_another_process_may_write_at_the_same_time(tmp_path: Path) -> None:
    database = await SqlcipherDatabase.open(tmp_path / "i.db", KEY)
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", _OTHER_PROCESS, tmp_path / "i.db")
    count = 0
    while other.returncode is None:
        await database.write(put_setting, f"ours {count}", "x", durable=False)
        count += 1
    assert other.returncode == 0
    assert count > 10
    assert await database.read(get_setting, "other 99") == "x"
    assert await database.read(get_setting, f"ours {count - 1}") == "x"
    await database.close()


async def test_a_destroyed_key_leaves_no_trace_for_whoever_has_the_database_key(tmp_path: Path) -> None:
    wrapped = b"\xa5UNMISTAKABLE WRAPPED KEY\xa5"
    database = await SqlcipherDatabase.open(tmp_path / "i.db", KEY)
    await database.write(add_study_key, "1.2.1", WrappedKey(b"k" * 16, "m1", wrapped))
    await database.write(add_instances, [new(patient_name="UNMISTAKABLE^JANE")])
    assert wrapped in _decrypted(tmp_path / "i.db")
    assert b"UNMISTAKABLE^JANE" in _decrypted(tmp_path / "i.db")
    await destroy_study(database, "1.2.1")
    assert (tmp_path / "i.db-wal").stat().st_size == 0
    await database.close()
    remains = _decrypted(tmp_path / "i.db")
    assert wrapped not in remains
    assert b"nmistakable^jane" not in remains.lower()


def _decrypted(path: Path) -> bytes:
    """Every page of the database and its log, free ones and unused space too, as whoever holds the key can read them:
    AES-256-CBC, the initialisation vector and an HMAC in the last 80 bytes (SQLCipher 4)."""
    content = path.read_bytes()
    log = path.with_name(path.name + "-wal")
    pages = [content[16:4096], *(content[start : start + 4096] for start in range(4096, len(content), 4096))]
    if log.exists():  # 32 bytes of header, then frames of 24 bytes and a page
        frames = log.read_bytes()
        pages += [frames[start + 24 : start + 4120] for start in range(32, len(frames), 4120)]
    return b"".join(_plain_page(page) for page in pages)


def _plain_page(page: bytes) -> bytes:
    body, vector = page[:-80], page[-80:-64]
    decryptor = Cipher(AES(KEY), CBC(vector)).decryptor()
    return decryptor.update(body[: len(body) // 16 * 16])


async def test_a_full_disk_is_out_of_space_and_passes(tmp_path: Path) -> None:
    database = await SqlcipherDatabase.open(tmp_path / "i.db", KEY)

    def limit(conn: Connection, pages: int) -> None:
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    await database.write(limit, 1)  # no page more than there are
    batch = [new(instance=f"1.2.1.1.{n}", at=n) for n in range(500)]
    outcomes = await asyncio.gather(
        database.write(add_instances, batch), database.write(put_setting, "small", "1"), return_exceptions=True
    )
    assert isinstance(outcomes[0], OutOfSpace)
    assert outcomes[1] is None
    assert await database.read(find, QueryLevel.IMAGE, {}, [], ALL) == []
    await database.write(limit, 1_000_000)
    await database.write(add_instances, batch)
    assert len(await database.read(find, QueryLevel.IMAGE, {}, [], ALL)) == 500
    await database.close()


async def _patient_ids(path: Path) -> list[str]:
    database = await SqlcipherDatabase.open(path, KEY)
    try:
        return [row["PatientID"] for row in await database.read(find, QueryLevel.STUDY, {}, [], ALL)]
    finally:
        await database.close()


async def test_a_flipped_bit_is_an_integrity_fault(tmp_path: Path) -> None:
    path = tmp_path / "i.db"
    database = await SqlcipherDatabase.open(path, KEY)
    await database.write(add_instances, [new(f"1.2.{n}", at=n, patient_id=f"P{n:03}") for n in range(200)])
    await database.close()
    assert len(await _patient_ids(path)) == 200
    content = bytearray(path.read_bytes())
    for page in range(len(content) // 2 // 4096 * 4096, len(content), 4096):
        content[page + 100] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityFault, match="damaged"):
        await _patient_ids(path)
