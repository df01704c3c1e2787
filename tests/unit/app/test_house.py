"""Opening a house: the second start keeps everything, and what cannot be opened leaves nothing locked."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadglass.app.configuration import Configuration
from leadglass.app.home import Home, HomeLock
from leadglass.app.house import House
from leadglass.store.keys import MasterKey
from leadglass.terms.errors import UserFault


async def test_the_second_start_keeps_everything(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    house = await House.open(home, Configuration())
    master, ca = house.ring.master_id, (home.ca / "ca.pem").read_bytes()
    assert not home.is_new
    assert (home.keys / "master.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(UserFault, match="another leadglass"):
        await House.open(home, Configuration())
    await house.close()
    again = await House.open(home, Configuration())
    assert again.ring.master_id == master
    assert (home.ca / "ca.pem").read_bytes() == ca
    assert again.caught_up.indexed == 0
    assert again.caught_up.problems == ()
    await again.close()


async def test_another_master_key_opens_nothing_and_locks_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    await (await House.open(home, Configuration())).close()
    right = (home.keys / "master.key").read_bytes()
    (home.keys / "master.key").unlink()
    with pytest.raises(UserFault, match="missing"):
        await House.open(home, Configuration())
    MasterKey.generate().save(home.keys / "master.key")
    with pytest.raises(UserFault, match="wrong master key"):
        await House.open(home, Configuration())
    HomeLock(home).release()
    (home.keys / "master.key").write_bytes(right)
    await (await House.open(home, Configuration())).close()


async def test_an_index_that_is_none_is_said_in_words(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    await (await House.open(home, Configuration())).close()
    for file in home.path.glob("index.db*"):
        file.unlink()
    home.index.write_bytes(b"this is no database" * 1000)
    with pytest.raises(UserFault):
        await House.open(home, Configuration())
    HomeLock(home).release()
