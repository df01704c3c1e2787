"""Two streams of bytes are compared by content, however they are cut."""

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from leadglass.store.comparing import same_stream

pieces = st.lists(st.binary(max_size=3), max_size=8)


def views(parts: list[bytes]) -> Iterator[memoryview]:
    return iter([memoryview(part) for part in parts])


@given(pieces, pieces)
def test_as_if_joined(ours: list[bytes], theirs: list[bytes]) -> None:
    assert same_stream(views(ours), views(theirs)) == (b"".join(ours) == b"".join(theirs))


@given(st.binary(max_size=30), st.data())
def test_any_two_cuttings_are_the_same(content: bytes, data: st.DataObject) -> None:
    def cut() -> list[bytes]:
        places = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=6)))
        borders = [0, *places, len(content)]
        return [content[a:b] for a, b in pairwise(borders)]

    assert same_stream(views(cut()), views(cut()))
