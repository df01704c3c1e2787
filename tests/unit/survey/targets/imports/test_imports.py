"""Scans of others: what is taken from them, what is passed over, and what is said of those that are damaged."""

from __future__ import annotations

import gzip
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.scopes import warrant_of
from leadglass.net.conversing import Ending
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Observation, Verdict
from leadglass.survey.scope import Refusal, Why
from leadglass.survey.services import Service
from leadglass.survey.targets.imports import Imported, observation_of, read_scan
from leadglass.terms.errors import UserFault

SCANS = Path(__file__).resolve().parents[4] / "vectors/scans"
DICOM, HTTP, MONGODB = Service.DICOM, Service.HTTP, Service.MONGODB
NMAP = """<nmaprun WHEN><host><address addr="192.0.2.1" addrtype="ipv4"/>
<port portid="PORT"><state state="open"/></port></host></nmaprun>"""
MASSCAN = '{"ip": "192.0.2.1", "timestamp": "1", "ports": []}'
Row = tuple[str, int, str, Service | None, str]


def read(path: Path) -> list[Row]:
    return [
        (one.address, one.port, f"{one.seen_at:%Y-%m-%d %H:%M:%S}", one.service, one.product) for one in read_scan(path)
    ]


def given(tmp_path: Path, data: bytes | str, name: str = "scan") -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize(
    ("name", "source", "rows"),
    [
        (
            "nmap.xml",
            "Nmap",
            [
                ("192.0.2.1", 104, "2026-11-10 09:00:20", DICOM, "DCMTK"),
                ("192.0.2.1", 8042, "2026-11-10 09:00:20", HTTP, "Mongoose httpd"),
                ("192.0.2.4", 11112, "2026-11-10 09:00:31", None, ""),  # "dicom" is only that port's usual name
                ("2001:db8::4", 104, "2026-11-10 09:00:31", None, ""),
            ],
        ),
        (
            "masscan.json",
            "masscan",
            [
                ("192.0.2.1", 104, "2026-11-10 09:00:00", None, ""),
                ("192.0.2.1", 104, "2026-11-10 09:00:03", DICOM, ""),
                ("198.51.100.9", 11112, "2026-11-10 09:00:05", None, ""),
            ],
        ),
        ("masscan-old.json", "masscan", [("192.0.2.1", 104, "2026-11-10 09:00:00", None, "")]),
        (
            "masscan.ndjson",
            "masscan",
            [
                ("192.0.2.1", 104, "2026-11-10 09:00:00", None, ""),
                ("192.0.2.2", 27017, "2026-11-10 09:00:01", MONGODB, ""),
            ],
        ),
        (
            "shodan.json",
            "Shodan",
            [
                ("192.0.2.1", 104, "2026-11-10 09:12:33", DICOM, ""),
                ("192.0.2.3", 8043, "2026-11-09 23:59:59", HTTP, "nginx"),
            ],
        ),
        (
            "shodan.json.gz",
            "Shodan",
            [
                ("192.0.2.1", 104, "2026-11-10 09:12:33", DICOM, ""),
                ("192.0.2.3", 8043, "2026-11-09 23:59:59", HTTP, "nginx"),
            ],
        ),
        (
            "censys-hosts.json",
            "Censys",
            [
                ("192.0.2.1", 104, "2026-11-10 08:30:00", DICOM, ""),
                ("192.0.2.1", 8042, "2026-11-10 08:31:00", HTTP, "Orthanc"),
                ("192.0.2.1", 53, "2026-11-10 10:00:00", None, ""),
            ],
        ),
        ("censys-answer.json", "Censys", [("198.51.100.9", 11112, "2026-11-10 10:00:00", DICOM, "")]),
        (
            "censys-flat.json",
            "Censys",
            [
                ("203.0.113.5", 104, "2019-08-01 00:00:00", DICOM, ""),
                ("203.0.113.5", 443, "2019-08-01 00:00:00", HTTP, ""),
                ("203.0.113.5", 3389, "2019-08-01 00:00:00", None, ""),
            ],
        ),
        (
            "shadowserver.csv",
            "Shadowserver",
            [
                ("192.0.2.1", 104, "2026-11-10 04:16:38", DICOM, ""),
                ("198.51.100.9", 9200, "2026-11-10 04:17:00", HTTP, ""),
            ],
        ),
    ],
)
def test_formats(name: str, source: str, rows: list[Row]) -> None:
    assert read(SCANS / name) == rows
    assert {one.source for one in read_scan(SCANS / name)} == {source}


def test_nothing_a_system_said_is_taken_over() -> None:
    for path in SCANS.iterdir():
        text = repr(list(read_scan(path)))
        for quoted in ("anything", "Response", "Explorer", "AET", "pacs.example.org", "Beispielstadt", "Healthcare"):
            assert quoted not in text


def test_words_of_a_product_are_cut_down(tmp_path: Path) -> None:
    line = '{"ip_str": "192.0.2.1", "port": 104, "timestamp": "2026-01-01", "product": "<b>A\\u0000^B</b>%s"}' % (
        "x" * 500
    )
    (one,) = read_scan(given(tmp_path, line))
    assert one.product.startswith("b A B /b x")
    assert len(one.product) == 64


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("<nmaprun>", "not XML"),
        ("<html></html>", "of Nmap"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><nmaprun/>', "declares an entity"),
        ('<!DOCTYPE a [<!ENTITY % b SYSTEM "file:///etc/passwd">%b;]><nmaprun/>', "declares an entity"),
        (
            NMAP.replace("PORT", "1").replace("WHEN", 'start="1"').replace("ipv4", "mac"),
            "line 2: address",
        ),
        (
            NMAP.replace("PORT", "x").replace("WHEN", 'start="1"'),
            "line 2: portid",
        ),
        (
            NMAP.replace("PORT", "1").replace("WHEN", ""),
            "line 2: endtime",
        ),
        (
            "[\n" + MASSCAN + ',\n{"ip": "192.0.2.1", "ports": []}\n]',
            "line 3: it lacks `timestamp`",
        ),
        (
            MASSCAN.replace("[]", '[{"port": 70000}]'),
            "line 1: ports[0].port: Expected `int` <= 65535",
        ),
        ('{"ip": "pacs", "timestamp": "1", "ports": []}', "line 1: ip or timestamp: it is no address"),
        ('{"ip": "192.0.2.1", "timestamp": "x", "ports": []}', "it is no moment in time"),
        ('{"ip": "192.0.2.1", "timestamp": "1", "ports": []}\nnothing', "line 2: it is no JSON object"),
        ('{"ip": "192.0.2.1", "timestamp": "1", "ports": []}\n{"ip"}', "line 2: it is not JSON"),
        ('{"ip_str": "192.0.2.1", "port": "x", "timestamp": "2026-01-01"}', "line 1: port: Expected `int`, got `str`"),
        ('{"ip_str": "192.0.2.1", "port": 1, "timestamp": "yesterday"}', "line 1: timestamp: it is no moment"),
        ('[{"ip": "192.0.2.1", "services": [{"port": 1}]}]', "record 1: services[0].observed_at: it is no moment"),
        (
            '{"ip": "192.0.2.1", "protocols": ["x/y"], "updated_at": "2026-01-01"}',
            "line 1: protocols[0] or updated_at: it is no port",
        ),
        ('{"a": 1}', "JSON of no scanner"),
        ("[1, 2]", "record 1: it is not JSON"),
        ("[", ""),
        ("timestamp,ip\n", "no format"),
        ("timestamp,ip,port\n2026-01-01,192.0.2.1\n", "line 2: it has 2 fields, and line 1 has 3"),
        ("timestamp,ip,port\n2026-01-01,192.0.2.1,104\n2026-01-01,x,104\n", "line 3: ip: it is no address"),
        ('timestamp,ip,port\n2026-01-01,192.0.2.1,"104', "it is not CSV"),
        ("timestamp,ip,port\n,192.0.2.1,104\n", "line 2: timestamp"),
        ("", "no format"),
        ("hello", "no format"),
        pytest.param(b"\x1f\x8b\x08\x00rest", "cannot be unpacked", id="no gzip"),
        pytest.param(
            gzip.compress(b'{"ip_str": "192.0.2.1"}\n' * 1000, mtime=0)[:40], "cannot be unpacked", id="gzip cut short"
        ),
        pytest.param(b"\xff\xfe\x00", "no format", id="no text"),
    ],
)
def test_a_damaged_file_is_told_with_line_and_field(tmp_path: Path, data: str | bytes, words: str) -> None:
    path = given(tmp_path, data, "scan.file")
    if not words:
        assert list(read_scan(path)) == []
        return
    with pytest.raises(UserFault) as caught:
        list(read_scan(path))
    assert words in str(caught.value)
    assert "scan.file" in str(caught.value)
    assert caught.value.advice


@pytest.mark.parametrize(
    "name", ["nmap.xml", "masscan.json", "shodan.json", "censys-hosts.json", "shadowserver.csv", "shodan.json.gz"]
)
def test_cut_short_anywhere_it_is_read_so_far_or_refused(tmp_path: Path, name: str) -> None:
    data = (SCANS / name).read_bytes()
    whole = read(SCANS / name)
    for length in range(0, len(data), 3):
        found: list[tuple[str, int]] = []
        with suppress(UserFault):
            found.extend((one.address, one.port) for one in read_scan(given(tmp_path, data[:length])))
        assert found == [row[:2] for row in whole][: len(found)]


def test_an_element_without_end_is_not_kept(tmp_path: Path) -> None:
    path = given(tmp_path, b'<nmaprun start="1"><script output="' + b"x" * (20 << 20))
    with pytest.raises(UserFault, match=r"longer than|not XML"):
        list(read_scan(path))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="cannot be read"):
        list(read_scan(tmp_path / "nothing"))


def imported(service: Service | None, address: str = "192.0.2.1") -> Imported:
    seen_at = datetime(2026, 11, 10, tzinfo=UTC)
    return Imported(address=address, port=104, protocol="tcp", seen_at=seen_at, source="Shodan", service=service)


def test_an_observation_says_no_more_than_the_scan_proves() -> None:
    warrant = warrant_of()
    seen = observation_of(imported(Service.DICOM), 7, warrant)
    assert isinstance(seen, Observation)
    assert (seen.number, seen.source, seen.level) == (7, "Shodan", Level.IMPORTS)
    assert seen.seen_at == datetime(2026, 11, 10, tzinfo=UTC)
    assert seen.target.place.country == "DE"
    assert seen.sighting.ending is Ending.OVER
    assert [(one.act, one.verdict) for one in seen.sighting.tries] == [(Act.SPEAK, Verdict.OPEN)]
    unproved = observation_of(imported(None), 8, warrant)
    assert isinstance(unproved, Observation)
    assert unproved.sighting.tries == ()
    assert unproved.target.service is Service.DICOM


def test_what_lies_outside_the_scope_is_refused() -> None:
    refusal = observation_of(imported(None, "198.51.100.1"), 1, warrant_of())
    assert isinstance(refusal, Refusal)
    assert refusal.why is Why.OUTSIDE


def test_doors_are_written_as_lists_of_targets_have_them() -> None:
    assert imported(None).door == "192.0.2.1:104"
    assert imported(None, "2001:db8::1").door == "[2001:db8::1]:104"
