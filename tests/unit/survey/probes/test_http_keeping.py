"""What is kept of bodies: idempotent, tight, and never raising."""

from __future__ import annotations

import json

import pytest

from leadglass.survey.probes.elasticsearch import _rows
from leadglass.survey.probes.fhir_counting import is_bundle
from leadglass.survey.probes.fhir_statement import capabilities
from leadglass.survey.probes.http_asking import Keep
from leadglass.survey.probes.http_keeping import answers_shape, favicon, names, nothing, page, read
from leadglass.survey.probes.http_kinds import (
    document_kinds,
    mapping_kinds,
    orthanc_kinds,
    patient_kinds,
    study_kinds,
)
from leadglass.survey.probes.orthanc import _SYSTEM, _Statistics
from leadglass.survey.probes.s3 import Keys, keys
from leadglass.survey.probes.viewers import _configuration

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    b"<ListBucketResult><Contents><Key>&b;</Key></Contents></ListBucketResult>"
)
LISTING = (
    b'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>scans</Name>'
    b"<IsTruncated>true</IsTruncated><Contents><Key>Doe.dcm</Key></Contents><Contents><Key>Roe.dcm</Key></Contents>"
    b"</ListBucketResult>"
)
MAPPING = json.dumps(
    {
        "reports": {
            "mappings": {
                "properties": {
                    "patient": {"properties": {"birthDate": {"type": "date"}, "first_name": {"type": "text"}}},
                    "Doe^Anna": {"type": "text"},
                }
            }
        }
    }
).encode()
CAPABILITIES = (
    b'{"resourceType": "CapabilityStatement", "software": {"name": "HAPI FHIR Server", "version": "6.1.0"}, '
    b'"fhirVersion": "4.0.1", "rest": [{"mode": "server", "security": {"cors": true}, "resource": [{"type": "Patient"'
)
CONFIGURATION = b"""window.config = {oidc: [{authority: "https://login.example.org"}], dataSources: [{configuration: {
 qidoRoot: 'https://pacs.example.org/dicom-web', wadoRoot: "/dicom-web", name: "Doe"}}]}"""
BODIES = (
    b"",
    b"[]",
    b" [ ] ",
    b'[{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Anna"}]}}]',
    b'[{"00100010": {"vr": "PN", "Value": [{"Alph',
    b"{}",
    b'{"Version": "1.12.1", "ApiVersion": 22, "Name": "Doe"}',
    b'{"CountPatients": 1, "CountStudies": 2, "CountInstances": 3, "Name": "Doe"}',
    b'[{"index": "reports", "docs.count": "12"}, {"index": ".kibana"}, {"index": "Doe Anna"}]',
    b'{"resourceType": "Bundle", "total": 77, "entry": [{"resource": {"name": "Doe"}}]}',
    BOMB,
    LISTING,
    LISTING[:-40],
    MAPPING,
    CAPABILITIES,
    CONFIGURATION,
    b"\x89PNG\r\n",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"\xff\xfe\x00",
)
KEEPS: tuple[Keep, ...] = (
    nothing,
    page,
    answers_shape,
    favicon,
    document_kinds,
    mapping_kinds,
    orthanc_kinds,
    patient_kinds,
    study_kinds,
    keys,
    _rows,
    capabilities,
    is_bundle,
    _configuration,
    _SYSTEM,
)


@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_idempotent_and_blind(keep: Keep, body: bytes) -> None:
    kept = keep(body)
    assert keep(kept) == kept
    assert b"Doe" not in kept
    assert len(kept) < 1000
    for end in range(0, min(len(body), 400), 7):
        cut = keep(body[:end])
        assert keep(cut) == cut
        assert b"Doe" not in cut
    assert b"Doe" not in keep(body + b"Doe")


def test_shape_of_answers() -> None:
    assert answers_shape(b" [ ]\n") == b"[]"
    assert answers_shape(b'[ {"00100010"') == b"[{}]"
    assert answers_shape(b"<html>") == b""


def test_keys_are_counted() -> None:
    assert read(keys(LISTING), Keys) == Keys(keys=2, is_truncated=True)
    assert read(keys(LISTING[:-20]), Keys) == Keys(keys=2, is_truncated=True)
    assert keys(BOMB) == b""
    assert keys(b"<html><Key>a</Key></html>") == b""


def test_fields_become_kinds() -> None:
    assert json.loads(mapping_kinds(MAPPING)) == {"kinds": ["birth date", "name"]}
    assert json.loads(mapping_kinds(b"nonsense")) == {"kinds": []}
    assert json.loads(mapping_kinds(b'{"kinds": ["name", "Doe"]}')) == {"kinds": ["name"]}


def test_capabilities_may_be_cut() -> None:
    assert json.loads(capabilities(CAPABILITIES)) == {
        "fhir": "4.0.1",
        "is_hapi": True,
        "version": "6.1.0",
        "has_security": True,
        "is_test": False,
    }
    assert capabilities(b'{"resourceType": "Patient"}') == b""


def test_how_many_is_not_kept_where_only_whether_was_asked() -> None:
    assert json.loads(is_bundle(b'{"resourceType": "Bundle", "total": 77}'))["total"] == 0


def test_a_configuration_says_where_and_whether() -> None:
    assert json.loads(_configuration(CONFIGURATION)) == {"has_login": True, "roots": ["/dicom-web"]}
    assert json.loads(_configuration(b"")) == {"has_login": False, "roots": []}


def test_names() -> None:
    assert names(["reports", ".kibana", "_users", "two words", "x" * 65, "", "scans-2019"]) == ("reports", "scans-2019")
    assert len(names(f"index-{n}" for n in range(1000))) == 64


def test_numbers_must_be_numbers() -> None:
    assert read(b'{"CountPatients": 1, "CountStudies": -2, "CountInstances": 3}', _Statistics) is None
