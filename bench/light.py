"""Light clients, each its own process: `python -m bench.light store|find|get|move|sink …`.

A client associates and warms up, prints `ready`, waits for a line on its input, works, and prints one JSON line.
So several start together and none of them waits for an interpreter to start.
"""

from __future__ import annotations

import argparse
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable

from bench import wire
from bench.wire import (
    C_FIND_RQ,
    C_GET_RQ,
    C_MOVE_RQ,
    C_STORE_RQ,
    COMMAND_FIELD,
    COMPLETED,
    CT_IMAGE_STORAGE,
    EXPLICIT,
    FAILED,
    IMPLICIT,
    MESSAGE_ID,
    STATUS,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
    Wire,
    command,
    identifier,
    number,
    p_data,
    uid_bytes,
)
from leadglass.app.phantom import PhantomStudy, ct_series

CALLING = "BENCH"
SINK = "SINK"
WARM_UP = 20  # queries before the clock starts


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["store", "find", "get", "move", "sink"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--called", default="ANY")
    parser.add_argument("--share", type=int, default=0, help="which of the parallel clients this is")
    parser.add_argument("--shares", type=int, default=1)
    parser.add_argument("--count", type=int, default=1, help="instances to store, or patients to ask for")
    parser.add_argument("--per-study", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to query")
    parser.add_argument("--study", action="append", default=[], help="study to retrieve")
    options = parser.parse_args()
    verbs: dict[str, Callable[[argparse.Namespace], None]] = {
        "store": store,
        "find": find,
        "get": get,
        "move": move,
        "sink": sink,
    }
    verbs[options.verb](options)


def wait_for_go() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def report(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


# --- C-STORE of many small instances -------------------------------------------------------------------------


class Template:
    """A small CT image with numbered UIDs and patient: the same length for every number, so patched in place."""

    VALUES = (
        (b"\x08\0\x18\0UI", "2.25.1{instance:038d}"),
        (b"\x08\0\x20\0DA", "{date}"),
        (b"\x08\0\x50\0SH", "A{study:07d}"),
        (b"\x10\0\x10\0PN", "Phantom^P{study:07d}"),
        (b"\x10\0\x20\0LO", "P{study:07d}"),
        (b"\x20\0\x0d\0UI", "2.25.2{study:038d}"),
        (b"\x20\0\x0e\0UI", "2.25.3{study:038d}"),
    )

    def __init__(self, part10: bytes) -> None:
        data_set = part10[144 + int.from_bytes(part10[140:144], "little") :]
        for start, form in self.VALUES:
            value = form.format(instance=0, study=0, date=study_date(0)).encode()
            at = data_set.index(start) + len(start)
            length = int.from_bytes(data_set[at : at + 2], "little")
            data_set = data_set[:at] + struct.pack("<H", len(value)) + value + data_set[at + 2 + length :]
        self._offsets = [(data_set.index(start) + len(start) + 2, form) for start, form in self.VALUES]
        self._data_set = bytearray(data_set)

    def numbered(self, instance: int, study: int) -> bytes:
        for at, form in self._offsets:
            value = form.format(instance=instance, study=study, date=study_date(study)).encode()
            self._data_set[at : at + len(value)] = value
        return bytes(self._data_set)


def patient_id(study: int) -> str:
    return f"P{study:07d}"


def study_date(study: int) -> str:
    """Ten studies a day."""
    months, days = divmod(study // 10, 28)
    years, months = divmod(months, 12)
    return f"{2020 + years % 80:04d}{months + 1:02d}{days + 1:02d}"


def study_uid(study: int) -> str:
    return f"2.25.2{study:038d}"


def store(options: argparse.Namespace) -> None:
    """Sends this client's share of `count` instances; reports the moments at which answers came."""
    template = Template(next(ct_series(PhantomStudy(), slices=1, size=64)))
    peer = wire.associate(options.port, CALLING, options.called, [(1, CT_IMAGE_STORAGE, EXPLICIT)])
    wait_for_go()
    moments = []
    for instance in range(options.share, options.count, options.shares):
        uid = f"2.25.1{instance:038d}".encode()
        request: dict[int, int | bytes] = {
            0x0002: uid_bytes(CT_IMAGE_STORAGE),
            COMMAND_FIELD: C_STORE_RQ,
            MESSAGE_ID: instance % 65535 + 1,
            0x0700: 0,
            0x0800: 0,
            0x1000: uid,
        }
        data_set = template.numbered(instance, instance // options.per_study)
        peer.socket.sendall(p_data(1, command(request), data_set, peer.peer_max_pdu))
        answer = peer.message()
        if number(answer.elements, STATUS) != 0:
            raise SystemExit(f"C-STORE was answered with {number(answer.elements, STATUS):04X}")
        moments.append(time.time())
    peer.release()
    report(moments=moments)


# --- C-FIND by PatientID -------------------------------------------------------------------------------------


def find(options: argparse.Namespace) -> None:
    """Asks for one patient after another out of `count`; each question has exactly one answer."""
    peer = wire.associate(options.port, CALLING, options.called, [(1, STUDY_ROOT_FIND, IMPLICIT)])
    request = command(
        {0x0002: uid_bytes(STUDY_ROOT_FIND), COMMAND_FIELD: C_FIND_RQ, MESSAGE_ID: 1, 0x0700: 0, 0x0800: 1}
    )
    messages = [p_data(1, request, question(study), peer.peer_max_pdu) for study in range(options.count)]
    study = options.share * 7919
    for _ in range(WARM_UP):
        study = ask(peer, messages, study)
    wait_for_go()
    waits = []
    begin = now = time.perf_counter()
    while now - begin < options.seconds:
        study = ask(peer, messages, study)
        before, now = now, time.perf_counter()
        waits.append(now - before)
    peer.release()
    waits.sort()
    report(
        queries=len(waits),
        seconds=now - begin,
        p50_ms=1000 * waits[len(waits) // 2],
        p99_ms=1000 * waits[len(waits) * 99 // 100],
    )


def question(study: int) -> bytes:
    """What a workstation asks for one patient: twelve attributes of each study."""
    keys = [(0x0008, 0x0020), (0x0008, 0x0030), (0x0008, 0x0050), (0x0008, 0x0061), (0x0008, 0x0090), (0x0008, 0x1030)]
    keys += [(0x0010, 0x0010), (0x0010, 0x0030), (0x0010, 0x0040), (0x0020, 0x000D), (0x0020, 0x0010)]
    values = [(group, element, "") for group, element in keys]
    values += [(0x0008, 0x0052, "STUDY"), (0x0010, 0x0020, patient_id(study))]
    return identifier(sorted(values))


def ask(peer: Wire, messages: list[bytes], study: int) -> int:
    """One query; returns the study to ask for next. Anything but one answer is an error."""
    study = (study * 48271 + 11) % len(messages)
    peer.socket.sendall(messages[study])
    answers = 0
    while True:
        status = number(peer.message().elements, STATUS)
        if status not in (0xFF00, 0xFF01):
            break
        answers += 1
    if status != 0 or answers != 1:
        raise SystemExit(f"C-FIND ended with {status:04X} after {answers} answers")
    return study


# --- C-GET and C-MOVE ----------------------------------------------------------------------------------------


def get(options: argparse.Namespace) -> None:
    """Retrieves studies over its own association; the images are counted and thrown away."""
    contexts = [(1, STUDY_ROOT_GET, IMPLICIT), (3, CT_IMAGE_STORAGE, EXPLICIT)]
    peer = wire.associate(options.port, CALLING, options.called, contexts, [CT_IMAGE_STORAGE])
    retrieve(peer, options, C_GET_RQ, STUDY_ROOT_GET)


def move(options: argparse.Namespace) -> None:
    """Has studies sent to the sink."""
    peer = wire.associate(options.port, CALLING, options.called, [(1, STUDY_ROOT_MOVE, IMPLICIT)])
    retrieve(peer, options, C_MOVE_RQ, STUDY_ROOT_MOVE)


def retrieve(peer: Wire, options: argparse.Namespace, field: int, sop_class: str) -> None:
    request: dict[int, int | bytes] = {
        0x0002: uid_bytes(sop_class),
        COMMAND_FIELD: field,
        MESSAGE_ID: 1,
        0x0700: 0,
        0x0800: 1,
    }
    if field == C_MOVE_RQ:
        request[0x0600] = SINK.ljust(len(SINK) + len(SINK) % 2).encode()
    wait_for_go()
    begin, instances, data_bytes = time.perf_counter(), 0, 0
    for uid in options.study[options.share :: options.shares]:
        data_set = identifier([(0x0008, 0x0052, "STUDY"), (0x0020, 0x000D, uid)])
        peer.socket.sendall(p_data(1, command(request), data_set, peer.peer_max_pdu))
        while True:
            message = peer.message()
            if number(message.elements, COMMAND_FIELD) == C_STORE_RQ:
                data_bytes += message.data_bytes
                peer.answer_store(message)
            elif number(message.elements, STATUS) != 0xFF00:
                break
        status, failed = (number(message.elements, element) for element in (STATUS, FAILED))
        if status != 0 or failed:
            raise SystemExit(f"the retrieval ended with {status:04X}, {failed} sub-operations failed")
        instances += number(message.elements, COMPLETED)
    seconds = time.perf_counter() - begin
    peer.release()
    report(instances=instances, seconds=seconds, data_bytes=data_bytes)


def sink(options: argparse.Namespace) -> None:
    """Takes whatever is sent to it, says success, keeps nothing. Ends when its input ends."""
    listener = socket.create_server(("127.0.0.1", options.port))

    def serve(sock: socket.socket) -> None:
        try:
            peer = wire.accept(sock)
            while True:
                peer.answer_store(peer.message())
        except OSError:
            sock.close()

    def listen() -> None:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=serve, args=(sock,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
