"""The report for programs: what each standard requires, and nothing that the reader may not see."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from helpers.report_world import model
from helpers.survey_world import seeded_systems, system
from leadglass.report.exchange import FORMATS
from leadglass.report.exchange.shadowserver import COLUMNS
from leadglass.report.model import Shown
from leadglass.report.writing import ALL_FORMATS, write, written
from leadglass.terms.errors import UserFault

FACTS = files("leadglass.range.worlds") / "facts" / "greenbone-2019.csv"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


def made(name: str, **shown: Any) -> Any:
    (content,) = FORMATS[name](model(**shown)).values()
    return json.loads(content)


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_the_country_table_has_the_columns_of_published_studies() -> None:
    table = written(model(), ["csv"])["countries.csv"]
    with FACTS.open("r", encoding="utf-8", newline="") as file:
        assert list(rows(table)[0]) == next(csv.reader(file))
    world, *countries = rows(table)
    assert world["iso2"] == "ZZ"
    for column in ("systems_open", "records", "images_linked", "images_accessible", "http_viewer_or_open_dir"):
        assert int(world[column]) == sum(int(row[column]) for row in countries)
    assert {row["class"] for row in countries} == {"good", "bad", "ugly", "new", ""}


def test_entries_of_databases_do_not_make_a_count_of_studies_uncertain() -> None:
    made = model([system("192.0.2.1", country="DE")])
    four = replace(made.headline.four, at_least=("other_records",))
    made = replace(made, headline=replace(made.headline, four=four))
    assert [row["precision"] for row in rows(written(made, ["csv"])["countries.csv"])] == ["exact", "exact"]
    four = replace(four, at_least=("images_linked",))
    made = replace(made, headline=replace(made.headline, four=four))
    assert [row["precision"] for row in rows(written(made, ["csv"])["countries.csv"])] == ["at least", "exact"]


def test_a_spreadsheet_takes_no_text_for_a_formula() -> None:
    files = written(model([system(organisation='=HYPERLINK("https://example.org")')]), ["csv"])
    assert rows(files["systems.csv"])[0]["organisation"].startswith("'=")
    assert rows(files["organisations.csv"])[0]["name"].startswith("'=")


def test_sarif_has_what_the_standard_requires() -> None:
    log = made("sarif")
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert run["results"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
    assert len({result["partialFingerprints"]["leadglass/v1"] for result in run["results"]}) == len(run["results"])


def test_csaf_says_of_each_product_whether_it_is_affected() -> None:
    document = made("csaf")
    assert document["document"]["category"] == "csaf_vex"
    assert document["document"]["csaf_version"] == "2.0"
    tracking = document["document"]["tracking"]
    assert {"id", "status", "version", "initial_release_date", "current_release_date", "revision_history"} <= set(
        tracking
    )
    known = {product["product_id"] for product in document["product_tree"]["full_product_names"]}
    for vulnerability in document["vulnerabilities"]:
        named = [name for names in vulnerability["product_status"].values() for name in names]
        assert named
        assert set(named) <= known
        assert re.fullmatch(r"CVE-\d{4}-\d{4,}", vulnerability["cve"])
        assert set(vulnerability["product_status"]) <= {"known_affected", "fixed"}


def test_ocsf_events_name_their_class_as_the_schema_does() -> None:
    lines = FORMATS["ocsf"](model())["ocsf.jsonl"].splitlines()
    events = [json.loads(line) for line in lines]
    assert {event["class_uid"] for event in events} == {2002, 2003}
    for event in events:
        assert event["category_uid"] == 2
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert 1 <= event["severity_id"] <= 5
        assert {"uid", "title"} <= set(event["finding_info"])
        assert {"product", "version"} <= set(event["metadata"])
        assert ("vulnerabilities" in event) == (event["class_uid"] == 2002)
        assert ("compliance" in event) == (event["class_uid"] == 2003)
        assert isinstance(event["time"], int)


def test_stix_refers_to_nothing_that_is_not_there() -> None:
    bundle = made("stix")
    objects = {entry["id"]: entry for entry in bundle["objects"]}
    assert len(objects) == len(bundle["objects"])
    for entry in bundle["objects"]:
        kind, _, identifier = entry["id"].partition("--")
        assert kind == entry["type"]
        assert UUID.match(identifier)
        assert entry["spec_version"] == "2.1"
        for key, value in entry.items():
            for reference in value if key.endswith("_refs") else [value] if key.endswith("_ref") else []:
                assert reference in objects
        if kind != "software":
            assert datetime.fromisoformat(entry["created"]) == datetime.fromisoformat(entry["modified"])


def test_stix_and_csaf_hold_no_address_and_no_owner() -> None:
    for name in ("stix", "csaf"):
        text = json.dumps(made(name))
        assert "Example Clinic" not in text
        assert not any(one.address in text for one in seeded_systems())


def test_shadowserver_rows_are_open_doors() -> None:
    found = rows(FORMATS["shadowserver"](model())["shadowserver.csv"])
    assert list(found[0]) == list(COLUMNS)
    assert len(found) == sum(len(leak.ports) for leak in model().leaks)
    assert found[0]["severity"] == "critical"
    assert datetime.strptime(found[0]["timestamp"], "%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize("name", [name for name in ALL_FORMATS if name != "pdf"])
def test_no_public_form_names_an_address_or_an_owner(name: str) -> None:
    files = written(model(hides_addresses=True, hides_organisations=True), [name])
    text = b"".join(files.values()).decode()
    assert "Example Clinic" not in text
    assert not re.search(r"\b(198\.51\.100|203\.0\.113)\.\d+", text)


@pytest.mark.parametrize("name", ["sarif", "ocsf", "shadowserver"])
def test_lists_of_systems_are_refused_where_small_cells_are_withheld(name: str) -> None:
    with pytest.raises(UserFault, match="single systems"):
        written(model(min_cell=5), [name])


def test_small_cells_are_withheld_in_tables_for_programs() -> None:
    files = written(model(min_cell=5), ["csv", "json", "csaf", "stix", "html"])
    assert "systems.csv" not in files
    for row in rows(files["countries.csv"]):
        assert not (row["systems_open"].isdecimal() and 0 < int(row["systems_open"]) < 5)
    assert b"<5" in files["countries.csv"]
    assert "&lt;5" in files["report.html"].decode()


def test_an_empty_run_becomes_every_format() -> None:
    assert written(model([]), ALL_FORMATS)["report.pdf"].startswith(b"%PDF")


def test_the_same_model_becomes_the_same_bytes() -> None:
    assert written(model(), ALL_FORMATS) == written(model(), ALL_FORMATS)


def test_an_unknown_format_is_a_fault_of_the_user() -> None:
    with pytest.raises(UserFault, match="no format 'docx'"):
        written(model(), ["docx"])


def test_files_lie_in_the_folder(tmp_path: Path) -> None:
    paths = write(written(model(), ["html", "csv"]), tmp_path / "a" / "report")
    assert {path.name for path in paths} == {
        "report.html",
        "countries.csv",
        "states.csv",
        "organisations.csv",
        "systems.csv",
    }
    assert all(path.stat().st_size for path in paths)
    assert Shown().lists_systems
