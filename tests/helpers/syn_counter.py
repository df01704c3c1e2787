"""Surveys in a network namespace of their own, with every SYN that leaves counted: `python -m helpers.syn_counter`.

Prints one JSON line for each scope: the scope, what was asked, and the destination of every SYN.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from leadglass.app.surveying import Order, Surveying, opened_warrant
from leadglass.survey.level import Level
from leadglass.survey.scope import SigningKey, sign
from leadglass.terms.errors import UserFault

_ALL = 0x0003  # ETH_P_ALL
_OUTGOING = 4  # PACKET_OUTGOING: loopback shows every packet twice
_PORTS = (104, 2575, 8042, 11112)
_GROUND = "127.50.0"


def main() -> None:
    count = int(sys.argv[1])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    counter = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
    counter.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    counter.setblocking(False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(count):
            print(json.dumps(_one(random.Random(seed), folder / str(seed), counter)), flush=True)


def _one(chance: random.Random, folder: Path, counter: socket.socket) -> dict[str, object]:
    folder.mkdir()
    fault = chance.choice(["", "", "", "", "", "unsigned", "changed", "expired", "not yet"])
    scope = {"networks": [_network(chance) for _ in range(chance.randint(1, 4))], "excluded": _excluded(chance)}
    level = chance.randint(1, 4)
    only = chance.choice([None, None, [f"{_GROUND}.{chance.randint(0, 63)}", f"{_GROUND}.{chance.randint(0, 63)}:104"]])
    path = folder / "scope.toml"
    path.write_text(_text(scope, fault))
    if fault != "unsigned":
        sign(path, SigningKey.load_or_make(folder / "key.pem"), signer="test", now=datetime.now(UTC))
    if fault == "changed":
        path.write_text(path.read_text().replace("level = ", "level  = "))
    refused = ""
    try:
        warrant = opened_warrant(path)
        order = Order(
            folder=folder / "run", warrant=warrant, scope=path, level=Level(level), only=tuple(only) if only else None
        )
        asyncio.run(Surveying(order).run())
    except UserFault as refusal:
        refused = str(refusal)
    syns = Counter(_syns(counter))
    return {
        "scope": scope,
        "level": level,
        "only": only,
        "fault": fault,
        "refused": refused,
        "syns": list(syns.items()),
    }


def _network(chance: random.Random) -> dict[str, object]:
    prefix = chance.randint(27, 32)
    base = chance.randrange(0, 64) & -(1 << (32 - prefix))
    ports = chance.sample(_PORTS, chance.randint(1, len(_PORTS)))
    return {"block": f"{_GROUND}.{base}/{prefix}", "level": chance.randint(0, 4), "ports": ports}


def _excluded(chance: random.Random) -> list[dict[str, object]]:
    return [
        {
            "block": f"{_GROUND}.{chance.randrange(0, 64, 4)}/{chance.choice([30, 32])}",
            "ports": chance.choice([[], [], [chance.choice(_PORTS)]]),
        }
        for _ in range(chance.randint(0, 3))
    ]


def _text(scope: dict[str, list[dict[str, object]]], fault: str) -> str:
    now = datetime.now(UTC).replace(microsecond=0)
    begins = now + timedelta(days=1) if fault == "not yet" else now - timedelta(days=2)
    ends = now - timedelta(days=1) if fault == "expired" else now + timedelta(days=2)
    fast = "{ packets_per_second = 1000000, associations_per_second = 1000000 }"
    lines = [
        f"valid_from = {begins.isoformat()}",
        f"valid_until = {ends.isoformat()}",
        '[authority]\norganisation = "Example Clinic"\nperson = "Test"\ncontact = "t@example.org"\nreference = "1"',
        "[rates]\npackets_per_second = 1000000\nassociations_per_second = 1000000",
        f"per_network = {fast}\nper_host = {fast}",
    ]
    lines += [
        f'[[network]]\naddresses = ["{row["block"]}"]\nlevel = {row["level"]}\nports = {row["ports"]}'
        for row in scope["networks"]
    ]
    lines += [f'[[exclude]]\naddresses = ["{row["block"]}"]\nports = {row["ports"]}' for row in scope["excluded"]]
    return "\n".join(lines) + "\n"


def _syns(counter: socket.socket) -> list[str]:
    """Destinations of all SYNs since the last time; whatever is not IPv4 on loopback is named as well."""
    found = []
    with contextlib.suppress(BlockingIOError):
        while True:
            frame, (device, protocol, kind, *_) = counter.recvfrom(65_536)
            if kind == _OUTGOING:
                continue
            packet = frame[14:]
            if protocol != 0x0800 or device != "lo":
                found.append(f"{device}/{protocol:04x}")
                continue
            header = 4 * (packet[0] & 15)
            if packet[9] != socket.IPPROTO_TCP:
                found.append(f"IP protocol {packet[9]}")
            elif packet[header + 13] & 0x12 == 0x02:  # SYN without ACK
                port = struct.unpack_from(">H", packet, header + 2)[0]
                found.append(f"{socket.inet_ntoa(packet[16:20])}:{port}")
    return found


if __name__ == "__main__":
    main()
