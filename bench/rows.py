"""The table of figures: each row with what it must reach and what it aims for."""

from __future__ import annotations

from dataclasses import dataclass

OURS, ORTHANC, STORESCP, EARLY = "leadglass", "orthanc", "storescp", "first 5,000"
NMAP = "nmap"
"""Its dicom-ping at the best setting we know; see `scenes_survey`."""
ORTHANC_PLAIN = "orthanc-plain"
"""Orthanc without TLS, which costs it much (see `tls_proxy`). Ours is always over TLS; where bulk data flows, so is the
peer it is compared with."""


@dataclass(frozen=True, slots=True)
class Goal:
    """`factor` times the median of `peer`, or `factor` itself when there is no peer."""

    factor: float
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    unit: str
    reach: Goal
    aim: Goal
    lower_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: the figure, and beside it what the server used."""

    value: float
    beside: dict[str, float]


STORE_REACH, STORE_AIM = Goal(1.5, ORTHANC), Goal(1.0, STORESCP)
RETRIEVE_REACH, RETRIEVE_AIM = Goal(0.5, ORTHANC), Goal(1.0, ORTHANC)

STOW_REACH, STOW_AIM = Goal(1.5, ORTHANC_PLAIN), Goal(3, ORTHANC_PLAIN)


def _faster(title: str, reach: float, aim: float, peer: str = ORTHANC_PLAIN) -> Row:
    """The median wait of one client, so many times shorter than the peer's."""
    return Row(f"{title}, p50", "ms", Goal(1 / reach, peer), Goal(1 / aim, peer), lower_is_better=True)


ROWS = {
    "store-large-1": Row("C-STORE 525 KB, 1 association", "instances/s", STORE_REACH, STORE_AIM),
    "store-large-4": Row("C-STORE 525 KB, 4 associations", "instances/s", STORE_REACH, STORE_AIM),
    "store-small-1": Row("C-STORE 8 KB, 1 association", "instances/s", STORE_REACH, STORE_AIM),
    "store-small-4": Row("C-STORE 8 KB, 4 associations", "instances/s", STORE_REACH, STORE_AIM),
    "store-nagle": Row(
        "C-STORE 8 KB, sender's default TCP settings", "instances/s", Goal(5, ORTHANC), Goal(15, ORTHANC)
    ),
    "store-tls-4": Row(
        "C-STORE 525 KB over TLS, 4 associations", "instances/s", Goal(1.5, ORTHANC), Goal(2.5, ORTHANC)
    ),
    "multi-frame-rss": Row(
        "four 100 MB multi-frames at once: peak RSS", "MB", Goal(300), Goal(150), lower_is_better=True
    ),
    "ingest-late": Row("ingest of 8 KB, the last 5,000", "instances/s", Goal(0.8, EARLY), Goal(1.0, EARLY)),
    "get-1": Row("C-GET of a study, 1 client", "MB/s", RETRIEVE_REACH, RETRIEVE_AIM),
    "get-4": Row("C-GET of a study, 4 clients", "MB/s", RETRIEVE_REACH, RETRIEVE_AIM),
    "move-1": Row("C-MOVE of a study, 1 client", "MB/s", RETRIEVE_REACH, RETRIEVE_AIM),
    "move-4": Row("C-MOVE of a study, 4 clients", "MB/s", RETRIEVE_REACH, RETRIEVE_AIM),
    "find-1000-1": Row("C-FIND by PatientID, 1,000 studies, 1 client", "queries/s", Goal(1, ORTHANC), Goal(2, ORTHANC)),
    "find-1000-4": Row(
        "C-FIND by PatientID, 1,000 studies, 4 clients", "queries/s", Goal(1, ORTHANC), Goal(2, ORTHANC)
    ),
    "find-20000-1": Row(
        "C-FIND by PatientID, 20,000 studies, 1 client", "queries/s", Goal(10, ORTHANC), Goal(30, ORTHANC)
    ),
    "find-20000-4": Row(
        "C-FIND by PatientID, 20,000 studies, 4 clients", "queries/s", Goal(10, ORTHANC), Goal(30, ORTHANC)
    ),
    "stow-1": Row("STOW-RS, 10 of 525 KB a request, 1 client", "instances/s", STOW_REACH, STOW_AIM),
    "stow-4": Row("STOW-RS, 10 of 525 KB a request, 4 clients", "instances/s", STOW_REACH, STOW_AIM),
    "wado-1": Row("WADO-RS of a study, 1 client", "MB/s", Goal(1, ORTHANC), Goal(1.5, ORTHANC)),
    "wado-4": Row("WADO-RS of a study, 4 clients", "MB/s", Goal(1, ORTHANC), Goal(1.5, ORTHANC)),
    "wado-frame": _faster("WADO-RS of a frame of 525 KB", 1, 1.5, ORTHANC),
    "metadata": _faster("WADO-RS study metadata, 100 instances", 5, 20),
    "qido-patient": _faster("QIDO at 1,000 studies, by PatientID", 1, 2),
    "qido-date": _faster("QIDO at 1,000 studies, by a day, 10 answers", 2, 5),
    "qido-name": _faster("QIDO at 1,000 studies, by name wildcard, 10 answers", 2, 5),
    "qido-page": _faster("QIDO at 1,000 studies, a page of 100", 5, 20),
    "qido-all": _faster("QIDO at 1,000 studies, all of them", 5, 20),
    "slow-readers": Row(
        "200 clients reading a 100 MB study at 100 KB/s: peak RSS", "MB", Goal(400), Goal(200), lower_is_better=True
    ),
    "survey-echo": Row("associate + C-ECHO + release, 5,000 hosts", "hosts/s", Goal(1.5, NMAP), Goal(3, NMAP)),
    "survey-echo-50ms": Row("the same, answers after 50 ms", "hosts/s", Goal(1.5, NMAP), Goal(3, NMAP)),
    "survey-silent": Row("the same, 7 of 8 addresses silent", "addresses/s", Goal(1, NMAP), Goal(2, NMAP)),
    "assess-open": Row("level 2 of an open archive, all of it", "systems/s", Goal(1000), Goal(2500)),
    "count-records": Row("level 3 of the 590 open, 1 record of 50", "records/s", Goal(50_000), Goal(150_000)),
    "count-world": Row("level 3 of the whole world of 2019", "records/s", Goal(50_000), Goal(150_000)),
    "world-2019": Row("2,300 archives of 2019 at level 2", "s", Goal(10), Goal(3), lower_is_better=True),
    "million-rss": Row("1,048,576 targets: peak RSS", "MB", Goal(400), Goal(200), lower_is_better=True),
}
