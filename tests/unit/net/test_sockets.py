"""Socket options and addresses."""

from __future__ import annotations

import socket
import sys

import pytest

from leadglass.net.sockets import address_of, prepare, rearm_quickack


def test_a_prepared_socket_does_not_delay() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as sock:
        prepare(sock)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert not sock.getblocking()
        assert address_of(sock) == "127.0.0.1"


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_QUICKACK is Linux's")
def test_quickack_is_rearmed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        rearm_quickack(sock)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK)


def test_sockets_that_are_gone_or_not_tcp_do_no_harm() -> None:
    left, right = socket.socketpair()
    prepare(left)
    rearm_quickack(left)
    assert address_of(left) == "local"
    left.close()
    right.close()
    rearm_quickack(left)
    assert address_of(left) == "gone"


def test_ipv4_through_ipv6_is_shown_as_ipv4() -> None:
    with (
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server,
        socket.create_connection(("127.0.0.1", server.getsockname()[1])),
    ):
        accepted, _ = server.accept()
        with accepted:
            assert address_of(accepted) == "127.0.0.1"
