"""The report for programs in the hands of the validators that others use."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import stix2  # type: ignore[import-untyped]
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema  # type: ignore[import-untyped]
from stix2.exceptions import STIXError  # type: ignore[import-untyped]

from helpers import csaf_validator, sarif_validator
from helpers.report_world import model
from helpers.survey_world import system
from leadglass.report.exchange import FORMATS
from leadglass.report.model import ReportModel

pytestmark = pytest.mark.interop
EMPTY = model([])
MODELS = pytest.mark.parametrize(
    "made",
    [model(), model(hides_addresses=True, hides_organisations=True), model([system(records=None)]), EMPTY],
    ids=["whole", "public", "uncounted", "empty"],
)


def made_as(name: str, made: ReportModel) -> bytes:
    return b"".join(FORMATS[name](made).values())


@pytest.mark.parametrize("made", [model(), model(min_cell=5)], ids=["whole", "small cells"])
def test_csaf(made: ReportModel) -> None:
    document = made_as("csaf", made)
    assert csaf_validator.faults_of(document) == []
    assert csaf_validator.faults_of(document.replace(b"known_affected", b"known_afflicted")) != []


@MODELS
def test_sarif(made: ReportModel, tmp_path: Path) -> None:
    log = made_as("sarif", made)
    assert sarif_validator.faults_of(log, tmp_path) == []
    assert sarif_validator.faults_of(log.replace(b'"driver"', b'"conductor"'), tmp_path) != []


@cache
def ocsf_schema(class_name: str) -> Any:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.3.0")).get_class_schema(class_name, [])
    return jsonschema_rs.Draft202012Validator(schema)


def ocsf_faults(event: dict[str, Any]) -> list[str]:
    name = event["class_name"].lower().replace(" ", "_")
    return [f"{list(fault.instance_path)} {fault.message}" for fault in ocsf_schema(name).iter_errors(event)]


@MODELS
def test_ocsf(made: ReportModel) -> None:
    events = [json.loads(line) for line in made_as("ocsf", made).splitlines()]
    assert [fault for event in events for fault in ocsf_faults(event)] == []
    assert all(ocsf_faults(event | {"severity_id": "grave"}) for event in events)
    assert all(ocsf_faults(event | {"unheard_of": 1}) for event in events)


@MODELS
def test_stix(made: ReportModel) -> None:
    bundle = json.loads(made_as("stix", made))
    assert len(stix2.parse(bundle, allow_custom=False, version="2.1").objects) == len(bundle["objects"])
    for one in bundle["objects"]:
        stix2.parse(one, allow_custom=False, version="2.1")
        with pytest.raises((STIXError, ValueError)):
            stix2.parse(one | {"unheard_of": 1}, allow_custom=False, version="2.1")
