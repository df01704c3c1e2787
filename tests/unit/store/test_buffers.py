"""Warm buffers."""

import ctypes

from leadglass.store.buffers import BufferPool, aligned_buffer


def test_buffers_lie_on_page_borders() -> None:
    buffer = aligned_buffer(10_000)
    assert len(buffer) == 10_000
    assert ctypes.addressof(ctypes.c_char.from_buffer(buffer)) % 4096 == 0


def test_the_last_one_given_is_the_next_one_taken() -> None:
    pool = BufferPool(100, keep=2)
    a, b = pool.take(), pool.take()
    pool.give(a)
    pool.give(b)
    assert pool.take() is b
    assert pool.take() is a


def test_no_more_than_keep_are_kept() -> None:
    pool = BufferPool(100, keep=1)
    a, b = pool.take(), pool.take()
    pool.give(a)
    pool.give(b)
    assert pool.take() is b
    assert pool.take() is not a
