"""The model of a run: sums, order, and what a reader may not see."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from helpers.report_world import RUN, ingredients, judge, model
from helpers.survey_world import certificate, database, handshake, seeded_systems, system
from leadglass.report.building import build
from leadglass.report.model import Figure, Four, ReportModel
from leadglass.report.pictures import tls_class
from leadglass.survey.comparing import FourCounts, counts_by_region
from leadglass.survey.finding import Reality
from leadglass.survey.level import Level
from leadglass.survey.observation import Collection
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
    assert made.headline.four == Four(**{name: getattr(whole, name) for name in FourCounts.__slots__})


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


def test_an_empty_run_has_a_report() -> None:
    made = model([])
    assert made.sentences == ("No imaging system was found in the scope.",)
    assert (made.countries, made.leaks, made.tls, made.certificates) == ((), (), (), ())


def test_a_database_stands_beside_the_archives() -> None:
    held = (Collection(name="patients", records=70, kinds=("national id",)),)
    made = model([database("192.0.2.9", place=Place(country="IN"), collections=held)])
    assert (made.headline.four.systems, made.headline.four.others, made.headline.four.other_records) == (0, 1, 70)
    assert [(kind.name, kind.systems) for kind in made.kinds] == [("national id", 1)]


@pytest.mark.parametrize(
    ("one", "profile"),
    [
        (system(), "No encryption"),
        (system(handshakes=[handshake(None)]), "PS3.15 B.12"),
        (system(handshakes=[handshake(None), handshake(None, retired=True)]), "Retired TLS"),
        (system(handshakes=[handshake(None, cipher="TLS_CHACHA20_POLY1305_SHA256")]), "PS3.15 B.13"),
        (system(handshakes=[replace(handshake(None), version="TLSv1.2", cipher="AES256-GCM-SHA384")]), "Retired TLS"),
        (
            system(handshakes=[replace(handshake(None), version="TLSv1.2", cipher="ECDHE-RSA-AES256-SHA")]),
            "Retired TLS",
        ),
        (system(handshakes=[handshake(None)], viewer=True), "No encryption"),
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
