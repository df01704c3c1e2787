"""The hash tree against the definition in RFC 6962 and the vectors that its reference implementation publishes."""

from __future__ import annotations

import pytest

from helpers.ledgercheck import tree_hash
from leadglass.gate.ledger.tree import EMPTY_ROOT, RightEdge, leaf_hash, node_hash, root_of

# Inputs and roots of the reference implementation's tests (certificate-transparency, merkle_tree_test)
INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_the_published_vectors() -> None:
    edge = RightEdge()
    assert edge.root == EMPTY_ROOT
    for size, (data, root) in enumerate(zip(INPUTS, ROOTS, strict=True), 1):
        edge.add(leaf_hash(bytes.fromhex(data)))
        assert (edge.size, edge.root.hex()) == (size, root)


def test_the_recursive_definition_agrees_at_every_size() -> None:
    leaves = [leaf_hash(b"%d" % i) for i in range(600)]
    edge = RightEdge()
    for size, digest in enumerate(leaves, 1):
        edge.add(digest)
        if size < 70 or size % 64 < 2:
            assert edge.root == tree_hash(leaves[:size])


def test_subtrees_may_be_added_whole() -> None:
    leaves = [leaf_hash(b"%d" % i) for i in range(256 + 256 + 3)]
    edge = RightEdge()
    edge.add_subtree(root_of(leaves[:256]), 8)
    edge.add_subtree(root_of(leaves[256:512]), 8)
    for digest in leaves[512:]:
        edge.add(digest)
    assert (edge.size, edge.root) == (515, tree_hash(leaves))
    with pytest.raises(ValueError):
        edge.add_subtree(leaves[0], 8)


def test_memory_grows_with_the_logarithm_only() -> None:
    edge = RightEdge()
    edge.add_subtree(leaf_hash(b"half a tree of ten million"), 23)
    for i in range(1000):
        edge.add(leaf_hash(b"%d" % i))
    assert len(edge._peaks) <= 24


def test_a_copy_grows_alone() -> None:
    edge = RightEdge()
    edge.add(leaf_hash(b"a"))
    twin = edge.copy()
    twin.add(leaf_hash(b"b"))
    assert (edge.size, twin.size) == (1, 2)
    assert twin.root == node_hash(leaf_hash(b"a"), leaf_hash(b"b"))
