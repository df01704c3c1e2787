"""The tile layout, with the examples of c2sp.org/tlog-tiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadglass.gate.ledger.tiles import (
    BadBundle,
    decode_bundle,
    encode_bundle,
    entries_path,
    read_published,
    tile_path,
    tiles_of,
    width_at,
)


def test_paths_as_in_the_specification() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(3, 0, 17) == "tile/3/000.p/17"
    assert entries_path(1234067, 8) == "tile/entries/x001/x234/067.p/8"
    assert [tile_path(0, n)[7:] for n in (999, 1000, 999_999, 1_000_000)] == [
        "999",
        "x001/000",
        "x999/999",
        "x001/x000/000",
    ]


def test_the_specification_s_tree_of_70000() -> None:
    assert tiles_of(70_000) == 3
    assert [width_at(70_000, 0, n) for n in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [width_at(70_000, 1, n) for n in (0, 1, 2)] == [256, 17, 0]
    assert width_at(70_000, 2, 0) == 1
    assert (tiles_of(0), tiles_of(255), tiles_of(256)) == (0, 1, 2)


def test_bundles_go_there_and_back() -> None:
    entries = [b"", b"a", b"x" * 65535]
    assert decode_bundle(encode_bundle(entries)) == entries
    assert encode_bundle([b"ab"]) == b"\0\x02ab"


@pytest.mark.parametrize("data", [b"\0", b"\0\x02a", b"\0\x01ab"])
def test_a_cut_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(BadBundle):
        decode_bundle(data)


def test_a_full_tile_stands_in_for_a_partial_one(tmp_path: Path) -> None:
    (tmp_path / "tile/0").mkdir(parents=True)
    (tmp_path / "tile/entries").mkdir(parents=True)
    (tmp_path / "tile/0/000").write_bytes(bytes(range(256)) * 32)
    (tmp_path / "tile/entries/000").write_bytes(encode_bundle([b"a", b"b", b"c"]))
    assert read_published(tmp_path, 0, 0, 2) == (bytes(range(256)) * 32)[:64]
    assert read_published(tmp_path, None, 0, 2) == encode_bundle([b"a", b"b"])
    assert read_published(tmp_path, 0, 1, 2) is None
