"""The model of a run: sums, order, and what a reader may not see."""

from __future__ import annotations

import csv
import io
from dataclasses import fields, replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.report_world import RUN, ingredients, judge, model
from helpers.survey_world import SEEN, certificate, database, handshake, seeded_systems, system
from leadglass.report.building import build
from leadglass.report.exchange.tables_csv import tables_csv
from leadglass.report.html import html_of
from leadglass.report.judged import Before, Common
from leadglass.report.model import Figure, Four, ReportModel
from leadglass.report.pictures import tls_class
from leadglass.report.withholding import WITHHELD
from leadglass.survey.comparing import FourCounts, counts_by_region
from leadglass.survey.finding import Reality
from leadglass.survey.level import Level
from leadglass.survey.observation import Collection, Software
from leadglass.survey.system import System
from leadglass.survey.target import Place


def numbers(rows: tuple[Figure, ...]) -> int:
    return sum(value for value in rows if isinstance(value, int))


def test_the_headline_is_the_sum_of_the_countries() -> None:
    made = model()
    assert made.headline.four.systems == numbers(tuple(row.four.systems for row in made.countries))
    assert made.headline.four.records == numbers(tuple(row.four.records for row in made.countries))
    assert made.headline.archives == numbers(tuple(row.archives for row in made.countries))


def test_the_four_counts_are_those_of_the_survey() -> None:
    given = ingredients()
    whole = sum(counts_by_region(one.system for one in given.judged if one.counts).values(), FourCounts())
    made = build(given)
    counts = [field.name for field in fields(Four) if field.name != "at_least"]
    assert {name: getattr(made.headline.four, name) for name in counts} == {n: getattr(whole, n) for n in counts}


def test_traps_are_shown_and_not_counted() -> None:
    systems = seeded_systems()
    judged = [judge(one) for one in systems]
    made = model(systems)
    traps = sum(one.confidence.reality is Reality.HONEYPOT for one in judged)
    assert traps
    assert [part.systems for part in made.confidence if part.name == "honeypot"] == [traps]
    assert len(made.leaks) == sum(one.leaks for one in judged)
    assert numbers(tuple(part.systems for part in made.confidence)) == len(systems)


def test_leaks_are_ordered_by_records_and_numbered() -> None:
    leaks = model().leaks
    assert [leak.records for leak in leaks] == sorted((leak.records for leak in leaks), reverse=True)
    assert [leak.number for leak in leaks] == list(range(1, len(leaks) + 1))


def test_what_was_not_counted_is_no_zero() -> None:
    systems = [system("192.0.2.1", records=None)]
    made = model(systems, run=replace(RUN, level=Level.ACCESS))
    assert made.headline.four.records == ""
    assert made.countries[0].four.images_linked == ""
    assert made.leaks[0].records == ""
    assert made.headline.four.systems == 1
    assert any("not counted" in limit for limit in made.limits)


def test_a_region_where_nothing_was_counted_has_no_zero() -> None:
    mixed = [
        system("192.0.2.1", country="US", records=None),
        system("192.0.2.2", country="DE", records=70),
        system("192.0.2.3", country="FR", records=30),
        system("192.0.2.4", country="FR", records=None),
    ]
    made = model(mixed, run=replace(RUN, level=Level.COUNTS))
    rows = {row.code: row.four for row in made.countries}
    assert (rows["US"].records, rows["US"].images_linked, rows["US"].at_least) == ("", "", ())
    assert (rows["DE"].records, rows["DE"].at_least) == (70, ())
    assert rows["FR"].records == 30
    assert {"records", "images_linked"} <= set(rows["FR"].at_least)
    assert {leak.address: leak.records for leak in made.leaks}["192.0.2.1"] == ""
    assert any("at least 100 study records" in sentence for sentence in made.sentences)
    lines = list(csv.DictReader(io.StringIO(tables_csv(made)["countries.csv"].decode())))
    assert {line["iso2"]: (line["records"], line["precision"]) for line in lines} == {
        "ZZ": ("100", "at least"),
        "US": ("", "records not counted"),
        "DE": ("70", "exact"),
        "FR": ("30", "at least"),
    }
    assert "≥" in html_of(made)


def test_records_are_compared_only_where_both_runs_counted() -> None:
    before = Before(started=SEEN, systems=[system("192.0.2.1", country="US", records=None)], is_measured=False)
    made = build(replace(ingredients([system("192.0.2.1", country="US")]), before=before))
    assert made.trend is not None
    assert (made.trend.world.before.records, made.trend.world.after.records) == ("", 1000)
    assert [row.judgement for row in made.trend.rows] == ["bad"]
    assert not any("records then" in sentence for sentence in made.sentences)


def test_an_unfinished_run_says_so() -> None:
    made = model(run=replace(RUN, finished=None, targets=720, looked_at=46))
    assert made.sentences[0] == "46 of 720 ports were looked at; the rest is unknown."
    assert made.headline.looked_at == 46
    assert made.sentences[0] in html_of(made)
    lines = list(csv.DictReader(io.StringIO(tables_csv(made)["countries.csv"].decode())))
    assert {line["precision"] for line in lines} == {"at least"}
    assert "did not come to its end" in model(run=replace(RUN, finished=None)).sentences[0]


def test_countries_gone_dark_have_a_row() -> None:
    before = Before(started=SEEN, systems=[system("192.0.2.1", country="TH"), system("192.0.2.2", country="DE")])
    made = build(replace(ingredients([system("192.0.2.2", country="DE")]), before=before))
    thailand = made.countries[-1]
    assert (thailand.code, thailand.four.systems, thailand.four.records, thailand.judgement) == ("TH", 0, 0, "good")
    assert thailand.before is not None
    assert thailand.before.systems == 1
    lines = list(csv.DictReader(io.StringIO(tables_csv(made)["countries.csv"].decode())))
    assert [(line["iso2"], line["systems_open"], line["class"]) for line in lines[1:]] == [
        ("DE", "1", "bad"),
        ("TH", "0", "good"),
    ]
    assert lines[0]["country"] == "WORLD (1 countries)"
    assert "nothing is found any more" in html_of(made)


def test_only_common_ground_is_compared() -> None:
    before = Before(
        started=SEEN,
        systems=[system("192.0.2.1", country="DE")],
        comparable=frozenset({"192.0.2.1"}),
        common=Common(1, 2),
    )
    made = build(replace(ingredients([system("192.0.2.1"), system("192.0.2.2", country="US")]), before=before))
    assert made.trend is not None
    assert (made.headline.four.systems, made.trend.world.after.systems, made.trend.new) == (2, 1, 0)
    assert "compared are the 1 of 2 systems found" in made.sentences[-1]
    assert {row.code: row.judgement for row in made.countries} == {"DE": "bad", "US": ""}


def test_an_empty_run_has_a_report() -> None:
    made = model([])
    assert made.sentences == ("No imaging system was found in the scope.",)
    assert (made.countries, made.leaks, made.tls, made.certificates) == ((), (), (), ())


def test_one_system_is_spoken_of_as_one() -> None:
    assert model([system(country="DE")]).sentences[:2] == (
        "1 imaging system was found. It answers a stranger who shows no name, in 1 country.",
        "It lists 1,000 study records that speak of 50,000 images; 50,000 of these could be fetched by anyone.",
    )
    assert "in 1 Land" in model([system(country="DE")], language="de").sentences[0]


def test_a_database_stands_beside_the_archives() -> None:
    held = (Collection(name="patients", records=70, kinds=("national id",)),)
    made = model([database("192.0.2.9", place=Place(country="IN"), collections=held)])
    assert (made.headline.four.systems, made.headline.four.others, made.headline.four.other_records) == (0, 1, 70)
    assert [(kind.name, kind.systems) for kind in made.kinds] == [("national id", 1)]


@pytest.mark.parametrize(
    ("one", "profile"),
    [
        (system(), "plain"),
        (system(handshakes=[handshake(None)]), "bcp195"),
        (system(handshakes=[handshake(None), handshake(None, retired=True)]), "retired"),
        (system(handshakes=[handshake(None, cipher="TLS_CHACHA20_POLY1305_SHA256")]), "modified"),
        (system(handshakes=[replace(handshake(None), version="TLSv1.2", cipher="AES256-GCM-SHA384")]), "retired"),
        (
            system(handshakes=[replace(handshake(None), version="TLSv1.2", cipher="ECDHE-RSA-AES256-SHA")]),
            "retired",
        ),
        (system(handshakes=[handshake(None)], viewer=True), "plain"),
    ],
)
def test_encryption_is_judged_by_the_weakest_door(one: System, profile: str) -> None:
    assert tls_class(one) == profile


def test_certificates_are_judged_at_the_time_of_the_run() -> None:
    shown = [
        system(f"192.0.2.{n}", handshakes=[handshake(certificate(str(n), days=days), asks=n == 1)])
        for n, days in ((1, 10), (2, 63), (3, 400))
    ]
    counted = {part.name: part.systems for part in model(shown).certificates}
    assert counted["show a certificate"] == 3
    assert counted["… that has ended"] == 1
    assert counted["… that ends within 30 days"] == 1
    assert counted["demand a certificate from clients"] == 1


def everything(made: ReportModel) -> str:
    return msgspec.json.encode(made).decode()


def test_a_public_report_names_no_address_and_no_owner() -> None:
    made = model(hides_addresses=True, hides_organisations=True)
    text = everything(made)
    assert "Example Clinic" not in text
    for one in seeded_systems():
        assert f'{one.address}"' not in text
        assert f"{one.address} " not in text
    assert made.organisations == ()
    assert made.findings[0].address == "system-1"


def test_small_cells_list_no_system() -> None:
    made = model(min_cell=5)
    assert (made.leaks, made.findings, made.cases) == ((), (), ())
    assert made.trend is not None
    assert made.trend.moves == ()


def small_numbers(value: object, path: str = "") -> list[str]:
    """Where a number from 1 to 4 stands in a model, except where it counts no systems or records."""
    if isinstance(value, dict):
        return [
            hit
            for key, inner in value.items()
            if key not in _NO_COUNTS
            for hit in small_numbers(inner, f"{path}.{key}")
        ]
    if isinstance(value, list):
        return [hit for index, inner in enumerate(value) for hit in small_numbers(inner, f"{path}[{index}]")]
    return [path] if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 5 else []


_NO_COUNTS = {"run", "shown", "cvss"}


def test_no_small_number_is_left_anywhere() -> None:
    assert small_numbers(msgspec.to_builtins(model(min_cell=5))) == []


def test_a_country_s_states_cannot_give_it_away() -> None:
    made = model(min_cell=5)
    hidden = {row.code for row in made.countries if isinstance(row.four.systems, str)}
    assert hidden
    assert all(isinstance(row.four.systems, str) or not row.four.systems for row in made.states if row.code in hidden)


def test_few_systems_have_neither_name_nor_grade() -> None:
    few = [system(f"192.0.2.{n}", organisation="Example Clinic 1", country="IN") for n in range(1, 4)]
    many = [system(f"192.0.2.{n}", organisation="Example Clinic 2", country="DE") for n in range(10, 16)]
    many = [*many, system("192.0.2.20", place=Place(country="DE", state="Hesse"))]
    made = model([*few, *many], min_cell=5)
    assert made.organisations == ()
    assert {row.code: row.grade for row in made.countries} == {"DE": "F", "IN": ""}
    assert made.states == ()
    text = everything(made) + html_of(made) + b"".join(tables_csv(made).values()).decode()
    assert "Example Clinic 1" not in text
    assert "Hesse" not in text
    assert [row.name for row in model([*few, *many]).states] == ["Hesse"]


def numbers_in(*parts: Any) -> set[int]:
    return {part.systems for part in parts if isinstance(part.systems, int)}


@given(st.lists(st.integers(0, 7), min_size=1, max_size=60))
def test_no_two_counts_of_systems_differ_by_a_small_cell(kinds: list[int]) -> None:
    """Whoever subtracts one from the other would have it."""
    shapes: list[dict[str, Any]] = [
        {},
        {"records": None},
        {"handshakes": [handshake(certificate("1", days=10))]},
        {"handshakes": [handshake(certificate("2", days=-10), retired=True)]},
        {"software": Software(product="Orthanc", version="1.9.0")},
        {"software": Software(product="dcm4chee-arc-light", version="5.30")},
        {"country": "US"},
        {"viewer": True},
    ]
    made = model([system(f"192.0.2.{n}", **shapes[kind]) for n, kind in enumerate(kinds)], min_cell=5)
    head = made.headline
    parts = {head.reached, head.archives, head.four.systems} | numbers_in(*made.tls, *made.confidence, *made.software)
    parts |= {one.open_systems for one in made.software}
    overlapping = numbers_in(*made.ladder, *made.certificates, *made.kinds, *made.rules) - {0}
    for count in overlapping - parts:
        near = [other for other in parts | overlapping if isinstance(other, int) and 0 < abs(other - count) < 5]
        assert not near


def test_real_ones_cannot_be_told_from_what_counts() -> None:
    """What counts is real or unknown, and how many count is told: two unknown ones are not told by the rest."""
    systems = [system(f"192.0.2.{n}", records=9000 if n > 2 else 10) for n in range(1, 21)]
    parts = {part.name: part.systems for part in model(systems, min_cell=5).confidence}
    assert (parts["unknown"], parts["real"]) == ("<5", WITHHELD)


def test_reasons_are_those_of_single_systems() -> None:
    assert model().reasons != ()
    assert model(min_cell=5).reasons == ()


def test_without_organisations_there_is_no_table_of_them() -> None:
    assert model([system(organisation="", country="DE")]).organisations == ()


def test_the_trend_balances_and_joins_the_country_table() -> None:
    made = model()
    assert made.trend is not None
    trend = made.trend
    assert trend.world.before.systems - trend.gone + trend.new == trend.world.after.systems  # type: ignore[operator]
    assert trend.dark == ("Germany", "Thailand", "United Kingdom", "Venezuela")
    judgements = {row.code: row.judgement for row in made.countries}
    assert judgements["US"] == "ugly"
    assert judgements["NG"] == "new"
    assert len(trend.moves) == 1
