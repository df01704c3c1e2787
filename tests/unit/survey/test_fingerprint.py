"""Invariant: every row of the table is recognised, what is outside it is unknown, and a toolkit is never a product."""

from __future__ import annotations

import pytest

from leadglass.survey.facts import table
from leadglass.survey.fingerprint import software_of
from leadglass.survey.observation import Act, Software, Try, Verdict

ROWS = [row for row in table("fingerprints") if row["match_field"].startswith("impl_")]
DCMTK = ("1.2.276.0.7230010.3.0.3.6.7", "OFFIS_DCMTK_367")


def said(row: dict[str, str]) -> tuple[str, str]:
    """A peer of that row, and of no other."""
    tail = "3.6.7" if row["pattern"].endswith(".") else ""
    if row["match_field"] == "impl_class_uid":
        return row["pattern"] + tail, ""
    return "", row["pattern"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["pattern"])
def test_every_row_is_recognised(row: dict[str, str]) -> None:
    software = software_of(*said(row))
    assert row["pattern"].rstrip(".") in software.proof
    if row["role"].startswith(("toolkit", "file writer", "HONEYPOT")):
        assert software.product == ""
        assert software.toolkit.startswith(row["name"])
    elif row["role"].startswith("vendor root"):
        assert software.product == ""
        assert row["name"] in software.proof
    else:
        assert software.product == row["name"]
    assert software.is_end_of_life is ("EOL" in row["role"])


@pytest.mark.parametrize(
    ("uid", "name", "product", "toolkit", "version"),
    [
        (*DCMTK, "", "DCMTK 3.6.7", ""),
        ("1.2.276.0.7230010.3.0.3.6.10", "OFFIS_DCMTK_3610", "", "DCMTK 3.6.10", ""),
        ("1.2.40.0.13.1.3", "dcm4che-5.31.2", "", "dcm4che 5.31.2", ""),
        ("1.2.40.0.13.1.1.1", "dcm4che-1.4.35", "dcm4chee 2", "", "1.4.35"),
        ("1.2.826.0.1.3680043.9.3811.3.0.4", "PYNETDICOM_304", "", "pynetdicom 3.0.4", ""),
        ("1.2.826.0.1.3680043.2.135.1066.101", "1.5.0/WIN32", "Conquest DICOM", "", "1.5.0"),
        ("1.3.6.1.4.1.30071.8", "fo-dicom 5.1.2", "", "fo-dicom 5.1.2", ""),
        ("1.2.826.0.1.3680043.2.1143.107.104.103.115.3.0.22", "GDCM 3.0.22", "", "GDCM 3.0.22", ""),
        ("1.3.6.1.4.1.25403.1.1.1", "Dicom 0.1", "ClearCanvas", "", ""),
        ("1.3.6.1.4.1.53684.1", "CVI42_DCMTK_360", "Circle CVI42", "DCMTK 3.6.0", ""),
        ("1.2.276.0.7238010.5.0.3.6.2", "OSIRIX", "OsiriX or Horos", "DCMTK 3.6.2", ""),
        ("1.2.826.0.1.3680043.2.1545.1.2.1.7", "dvt2.1", "DVTk", "", "2.1"),
    ],
)
def test_versions(uid: str, name: str, product: str, toolkit: str, version: str) -> None:
    software = software_of(uid, name)
    assert (software.product, software.toolkit, software.version) == (product, toolkit, version)


@pytest.mark.parametrize(
    ("uid", "name"),
    [
        ("", ""),
        ("2.25.1", "MY_PACS_1"),
        ("1.2.276.0.7230010.3", "ORTHANC"),
        ("1.2.40.0.13.1.33", "dcm4cheese"),
        ("1.2.3.1.2.276.0.7230010.3.0.3.6.7", "X_OFFIS_DCMTK"),
        ("\0" * 5000, "\xff" * 5000),
    ],
)
def test_what_is_outside_is_unknown(uid: str, name: str) -> None:
    assert software_of(uid, name) == Software()


def tries(**codes: str) -> list[Try]:
    """Tries by name ("_" for "-"): a code that begins with 0x0000 is open, "open" too."""
    found = []
    for name, code in codes.items():
        verdict = Verdict.OPEN if code in ("open", "0x0000") else Verdict.CLOSED
        found.append(Try(act=Act.QUERY, how=name.replace("_", "-"), verdict=verdict, code=code))
    return found


def test_orthanc_is_told_by_its_manners() -> None:
    software = software_of(*DCMTK, tries(C_ECHO="0x0000", C_STORE="open", C_FIND="aborted 0/0"))
    assert (software.product, software.version, software.version_before) == ("Orthanc", "1.9.0", "1.12.6")
    assert software.toolkit == "DCMTK 3.6.7"
    assert "inferred" in software.proof


@pytest.mark.parametrize(
    "manners",
    [
        {"C_ECHO": "0x0000", "C_STORE": "open", "C_FIND": "0x0000"},  # any archive
        {"C_ECHO": "0x0000", "C_STORE": "refused", "C_FIND": "aborted 0/0"},
        {"C_ECHO": "aborted 0/0", "C_STORE": "open", "C_FIND": "aborted 0/0"},
        {"C_ECHO": "0x0000", "C_STORE": "open"},  # a receiver
    ],
)
def test_others_built_on_dcmtk_are_not_orthanc(manners: dict[str, str]) -> None:
    assert software_of(*DCMTK, tries(**manners)).product == ""


def test_a_dcm4che_that_stores_and_is_queried_is_the_archive() -> None:
    uid, name = "1.2.40.0.13.1.3", "dcm4che-5.31.2"
    assert software_of(uid, name, tries(C_FIND="0x0000", C_STORE="open")).product == "dcm4chee-arc"
    assert software_of(uid, name, tries(C_FIND="0x0000")).product == ""


def test_every_orthanc_range_is_sound() -> None:
    for row in table("orthanc-dcmtk"):
        digits = row["dcmtk_static"]
        uid = f"1.2.276.0.7230010.3.0.{digits}"
        software = software_of(uid, "", tries(C_ECHO="0x0000", C_STORE="open", C_GET="aborted 0/0"))
        assert software.version
        assert software.version_before
