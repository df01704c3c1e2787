"""Small servers on loopback that do one thing to whoever connects, in threads of their own."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

__all__ = ["closed_port", "reset", "served", "tls_served"]

Behaviour = Callable[[socket.socket], None]
_HELD: list[socket.socket] = []


@contextlib.contextmanager
def served(behaviour: Behaviour, *, connections: int = 4) -> Iterator[int]:
    """The port; `behaviour` has each connection, which is closed when it returns."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        listener.settimeout(10)
        over = threading.Event()

        def work() -> None:
            with contextlib.suppress(OSError):
                for _ in range(connections):
                    peer, _ = listener.accept()
                    if over.is_set():
                        peer.close()
                        return
                    peer.settimeout(5)
                    with peer, contextlib.suppress(OSError, ValueError):
                        behaviour(peer)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        try:
            yield port
        finally:
            over.set()
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
            thread.join(10)


@contextlib.contextmanager
def tls_served(context: ssl.SSLContext, behaviour: Behaviour) -> Iterator[int]:
    """As `served`, within TLS; a handshake that fails ends the connection."""

    def secured(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as inner:
            behaviour(inner)
            with contextlib.suppress(OSError):
                inner.unwrap()

    with served(secured) as port:
        yield port


def reset(peer: socket.socket) -> None:
    """Close with a TCP reset."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def closed_port() -> int:
    """A port of every address where nobody listens, nor will as long as this process lives."""
    sock = socket.socket()
    sock.bind(("0.0.0.0", 0))
    _HELD.append(sock)
    return int(sock.getsockname()[1])
