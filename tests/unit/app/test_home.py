"""The home folder: private, and used by one server at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadglass.app.home import Home, HomeLock
from leadglass.terms.errors import UserFault


def test_the_home_is_private_and_making_it_twice_harms_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "a" / "home")
    for _ in range(2):
        home.prepare()
    for folder in (home.path, home.keys, home.ca, home.ledger, home.volumes, home.devices):
        assert folder.stat().st_mode & 0o777 == 0o700, folder
    assert home.is_new
    (home.keys / "master.key").touch()
    assert not home.is_new


def test_a_file_in_the_way_and_a_place_nobody_may_write(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserFault, match="not a folder"):
        Home(tmp_path / "file").prepare()
    with pytest.raises(UserFault, match="not writable"):
        Home(Path("/proc/leadglass")).prepare()


def test_one_at_a_time(tmp_path: Path) -> None:
    home = Home(tmp_path)
    lock = HomeLock(home)
    with pytest.raises(UserFault, match="another leadglass"):
        HomeLock(home)
    lock.release()
    HomeLock(home).release()
