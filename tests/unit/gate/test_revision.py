"""The revision moves for every process that watches the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadglass.gate.revision import Revision
from leadglass.terms.errors import StorageFault


def test_every_advance_is_a_new_number_for_everybody(tmp_path: Path) -> None:
    mine, theirs = Revision(tmp_path / "revision"), Revision(tmp_path / "revision")
    seen = [mine.current()]
    for changer in (mine, theirs, mine):
        changer.advance()
        assert mine.current() == theirs.current()
        seen.append(mine.current())
    assert len(set(seen)) == 4


def test_the_file_is_private(tmp_path: Path) -> None:
    Revision(tmp_path / "revision").advance()
    assert (tmp_path / "revision").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_told_is_a_fault_not_a_number(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    broken = Revision(tmp_path / "file" / "revision")
    with pytest.raises(StorageFault):
        broken.current()
    with pytest.raises(StorageFault):
        broken.advance()
