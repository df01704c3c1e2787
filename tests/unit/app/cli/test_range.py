"""`leadglass range serve`: what it says at its beginning and at its end."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.practice_range import address_of, served
from leadglass.app.cli.range import status_line

FHIR = 8080


@contextmanager
def serving(said: Path, *options: str) -> Iterator[tuple[str, int]]:
    """The small world; where its FHIR server is. What the range says stands in `said`."""
    with served("small", *options, said=said) as offset:
        yield address_of("small", FHIR), FHIR + offset


def ask(door: tuple[str, int], path: str) -> None:
    with socket.create_connection(door) as peer:
        peer.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
        while peer.recv(65_536):
            pass


def test_what_goes_on_stands_in_one_line() -> None:
    assert status_line(1234, 56.7, 8900, 100).rstrip() == "  1,234 connections, 57/s, 8,900 requests"
    assert [len(status_line(1234, 56.7, 8900, columns)) for columns in (20, 60, 100)] == [19, 59, 70]


def test_who_kept_to_the_level_is_told_so(tmp_path: Path) -> None:
    said = tmp_path / "said"
    with serving(said) as door:
        ask(door, "/")
    text = " ".join(said.read_text().split())
    assert "11 imaging archives stand open, with 194,100 records and 6,021,500 images, 5,587,500 of them" in text
    assert "7 databases, shares and interfaces" in text
    assert "1 with test data, 2 honeypots" in text
    assert "Nothing was asked beyond level 4." in text
    assert "Asked beyond" not in text


def test_what_went_too_far_is_named_once(tmp_path: Path) -> None:
    said = tmp_path / "said"
    with serving(said, "--level", "0") as door:
        ask(door, "/")
    assert said.read_text().count("Asked beyond level 0: HTTP GET (1)") == 1
    assert "Nothing was asked beyond" not in said.read_text()


def test_programs_are_told_the_same(tmp_path: Path) -> None:
    said = tmp_path / "said"
    with serving(said, "--json") as door:
        ask(door, "/")
    begun, end = json.JSONDecoder().raw_decode(said.read_text())
    assert (begun["archives_open"], begun["records"]) == (11, 194_100)
    assert (begun["others_open"], begun["demos_open"], begun["honeypots_open"]) == (7, 1, 2)
    ended = json.loads(said.read_text()[end:])
    assert ended["asked"] == [{"level": 1, "what": "HTTP GET", "count": 1}]
    assert (ended["level"], ended["beyond"]) == (4, {})
