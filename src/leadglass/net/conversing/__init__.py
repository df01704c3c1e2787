"""Playing a conversation with a peer: one connection that we open, with limits on everything.

The rooms above write conversations (pure: bytes in, bytes out); here one meets a socket and a clock. Nothing is raised
for what a peer or a network does: every end is an `Ending`.

    converse(...)     calling.py      one connection, from SYN to its end
    Outcome, …        facts.py        what is said of it
    Line              line.py         the socket
    Switchboard       switchboard.py  all sockets of an event loop, and their deadlines
    Secured           securing.py     a conversation within TLS is a conversation itself
    Flight            flight.py       what a server says in clear before TLS 1.2 begins
    certificate_of    certificate.py  DER → what it says
"""

from leadglass.net.conversing.calling import converse, standing
from leadglass.net.conversing.facts import (
    Certificate,
    Conversation,
    Ending,
    Handshake,
    Outcome,
    Patience,
    TlsOffer,
    Turn,
)

__all__ = [
    "Certificate",
    "Conversation",
    "Ending",
    "Handshake",
    "Outcome",
    "Patience",
    "TlsOffer",
    "Turn",
    "converse",
    "standing",
]
