"""Two runs side by side, against the published classes and by properties."""

from __future__ import annotations

import csv
from importlib.resources import files

from hypothesis import given
from hypothesis import strategies as st

from helpers.survey_world import certificate, database, handshake, seeded_systems, sixty_days_later, system
from leadglass.survey.comparing import (
    FourCounts,
    Judgement,
    Region,
    changes_of,
    compare,
    counts_by_region,
    ugly_set,
)
from leadglass.survey.observation import Collection, Software
from leadglass.survey.system import System
from leadglass.survey.target import Place

FACTS = files("leadglass.range.worlds") / "facts" / "greenbone-2019.csv"
regions = st.builds(Region, country=st.sampled_from(["AA", "BB", "CC", "DD", "EE", "FF"]))
counts = st.builds(
    FourCounts, systems=st.integers(0, 9), records=st.integers(0, 10**8), images_linked=st.integers(0, 10**9)
)
worlds = st.dictionaries(regions, counts)


def published() -> dict[str, dict[str, dict[str, str]]]:
    """The country rows of both reports, by report and country."""
    with FACTS.open("r", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {report: {row["iso2"]: row for row in rows if row["report"] == report} for report in ("2019-09", "2019-11")}


def number(row: dict[str, str] | None, column: str, unknown: int) -> int:
    return int(row[column]) if row and row[column] else unknown


def filled(rows: dict[str, dict[str, str]], country: str, records: int) -> FourCounts:
    """What was published; an unpublished system count is one, for they were listed as open."""
    row = rows.get(country)
    return FourCounts(systems=number(row, "systems_open", 1), records=number(row, "records", records))


def test_the_published_classes_follow_from_the_rule() -> None:
    """Records of four of the ugly five were never published: they are filled in so that the published total holds and
    the five, with Turkey, which did not grow, are the fewest that hold three quarters of it."""
    before, after = published()["2019-09"], published()["2019-11"]
    classes = {country: row["class"] for country, row in after.items() if row["class"]}
    later_records = {"US": 14_600_000, "BR": 2_600_000, "ZA": 2_200_000, "EC": 1_200_000}
    later = {Region(c): filled(after, c, later_records.get(c, 0)) for c in classes}
    others = {Region(c): filled(before, c, 0) for c in before if c not in {"ZZ", "EU+", "SG"} and c not in classes}
    world = number(after["ZZ"], "records", 0)
    rest = world - sum(c.records for c in later.values()) - sum(c.records for c in others.values())
    spread = {Region(f"X{i}"): FourCounts(systems=9, records=rest // 20) for i in range(20)}
    later |= others | spread
    earlier_records = {"BR": 1_900_000, "ZA": 1_300_000, "EC": 400_000}
    earlier = {Region(c): filled(before, c, earlier_records.get(c, 100)) for c in classes}
    earlier |= others | {region: FourCounts(systems=9, records=rest // 20) for region in spread}
    judged = {change.region.country: change.judgement.value for change in changes_of(earlier, later)}
    assert {country: judged[country] for country in classes} == classes
    assert {judged[c] for c in before if c not in {"ZZ", "EU+", "SG"} and c not in classes} == {"bad"}


@given(worlds)
def test_the_ugly_set_is_the_smallest_that_holds_three_quarters(world: dict[Region, FourCounts]) -> None:
    chosen = ugly_set(world)
    total = sum(c.records for c in world.values())
    held = sum(world[region].records for region in chosen)
    assert 4 * held >= 3 * total
    largest = sorted((c.records for c in world.values()), reverse=True)
    assert not chosen or 4 * sum(largest[: len(chosen) - 1]) < 3 * total


@given(worlds, worlds)
def test_every_region_is_judged_once_and_by_the_rule(
    old: dict[Region, FourCounts], new: dict[Region, FourCounts]
) -> None:
    changes = changes_of(old, new)
    assert {change.region for change in changes} == {*old, *new}
    assert len(changes) == len({*old, *new})
    for change in changes:
        match change.judgement:
            case Judgement.GOOD:
                assert change.before.systems
                assert not change.after.systems
            case Judgement.UGLY:
                assert change.after.records > change.before.records
                assert change.region in ugly_set(new)
            case Judgement.BAD:
                assert change.before.systems
                assert change.after.systems
            case Judgement.NEW:
                assert not change.before.systems
                assert change.after.systems
            case Judgement.NONE:
                assert not change.before.systems
                assert not change.after.systems


@given(worlds)
def test_a_world_that_did_not_change_is_bad_all_over(world: dict[Region, FourCounts]) -> None:
    assert {change.judgement for change in changes_of(world, world)} <= {Judgement.BAD, Judgement.NONE}


def test_without_counted_records_nothing_is_ugly() -> None:
    assert ugly_set({Region("DE"): FourCounts(systems=3)}) == frozenset()


def test_regions_add_up_to_the_world() -> None:
    systems = seeded_systems()
    for by in ("country", "state", "organisation"):
        whole = sum(counts_by_region(systems, by).values(), FourCounts())
        assert whole == sum(counts_by_region(systems).values(), FourCounts())
    assert whole.systems == sum(s.is_archive and s.is_open for s in systems)
    assert whole.others == 3


def test_a_region_is_a_country_a_state_of_it_or_an_organisation_there() -> None:
    place = Place(country="IN", state="Gujarat", organisation="Example Clinic")
    systems = [system("192.0.2.1", place=place), system("192.0.2.2", place=Place(country="IN"))]
    assert set(counts_by_region(systems)) == {Region("IN")}
    assert set(counts_by_region(systems, "state")) == {Region("IN", "Gujarat"), Region("IN")}
    assert set(counts_by_region(systems, "organisation")) == {Region("IN", "", "Example Clinic"), Region("IN")}


def test_countries_go_dark_whatever_regions_are_compared() -> None:
    gone = system("192.0.2.1", place=Place(country="DE", state="Hesse", organisation="Example Clinic"))
    left = system("192.0.2.2", place=Place(country="IN", state="Gujarat"))
    closed = system("192.0.2.3", place=Place(country="IN", state="Kerala"))
    for by in ("country", "state", "organisation"):
        assert compare([gone, left, closed], [left], by).dark == (Region("DE"),)


def test_what_the_sums_do_not_hold_is_counted() -> None:
    systems = [system("192.0.2.1"), system("192.0.2.2", images=None), system("192.0.2.3", records=None)]
    counts = counts_by_region(systems)[Region("DE")]
    assert (counts.systems, counts.uncounted, counts.images_uncounted, counts.bounded) == (3, 1, 2, 0)
    assert counts.has_records_counted


def test_a_database_is_no_archive() -> None:
    held = (Collection(name="patients", records=70, kinds=("name",)),)
    found = counts_by_region([database("192.0.2.9", place=Place(country="IN"), collections=held)])
    assert found == {Region("IN"): FourCounts(others=1, other_records=70)}


def test_gone_new_and_moved_balance() -> None:
    old = seeded_systems()
    new = sixty_days_later(old)
    compared = compare(old, new)
    assert compared.world.before.systems - len(compared.gone) + len(compared.new) == compared.world.after.systems
    assert [region.country for region in compared.dark] == ["DE", "GB", "TH", "VE"]
    assert "203.0.113.77" in {now for _, now in compared.moved}
    assert set(compared.new) == {"203.0.113.77", "203.0.113.90"}


def test_a_certificate_of_its_own_gives_an_archive_away() -> None:
    mine = [handshake(certificate("aa"))]
    compared = compare(
        [system("192.0.2.1", handshakes=mine, records=10)], [system("192.0.2.7", handshakes=mine, records=90)]
    )
    assert compared.moved == (("192.0.2.1", "192.0.2.7"),)
    assert (compared.gone, compared.new) == (("192.0.2.1",), ("192.0.2.7",))


def test_a_certificate_that_many_show_proves_nothing() -> None:
    shared = [handshake(certificate("aa"))]
    old = [system(f"192.0.2.{n}", handshakes=shared) for n in (1, 2)]
    assert compare(old, [system("192.0.2.7", handshakes=shared)]).moved == ()


def test_the_same_organisation_product_and_size_is_the_same_archive() -> None:
    def at(address: str, records: int, product: str = "Orthanc") -> list:
        software = Software(product=product)
        return [system(address, organisation="Example Clinic", records=records, images=records * 9, software=software)]

    old = at("192.0.2.1", 1000)
    assert compare(old, at("192.0.2.2", 1100)).moved == (("192.0.2.1", "192.0.2.2"),)
    assert compare(old, at("192.0.2.2", 2000)).moved == ()
    assert compare(old, at("192.0.2.2", 1100, "Conquest")).moved == ()
    assert compare(at("192.0.2.1", 0), at("192.0.2.2", 0)).moved == ()


def test_each_archive_moves_once_to_the_likeliest_place() -> None:
    old = [system("192.0.2.1", organisation="Example Clinic", records=1000, images=9000)]
    new = [
        system(f"192.0.2.{n}", organisation="Example Clinic", records=r, images=9000)
        for n, r in ((2, 1300), (3, 1010), (4, 990))
    ]
    assert compare(old, new).moved == (("192.0.2.1", "192.0.2.3"),)


def owned(address: str, records: int, shown: str = "", software: str = "Orthanc") -> System:
    """Of one organisation; with a certificate of that name."""
    tls = [handshake(certificate(shown))] if shown else []
    place = Place(country="DE", organisation="Example Clinic")
    return system(address, place=place, records=records, handshakes=tls, software=Software(product=software))


def test_a_new_place_takes_in_one_archive() -> None:
    old = [owned("192.0.2.1", 1000), owned("192.0.2.2", 1001)]
    assert compare(old, [owned("192.0.2.7", 1001)]).moved == (("192.0.2.2", "192.0.2.7"),)


def test_a_certificate_says_more_than_a_number_that_fits() -> None:
    new = [owned("192.0.2.7", 1400, "aa"), owned("192.0.2.8", 1000)]
    assert compare([owned("192.0.2.1", 1000, "aa")], new).moved == (("192.0.2.1", "192.0.2.7"),)
    neighbour = owned("192.0.2.2", 5, "aa", "Conquest")
    left = [neighbour, owned("192.0.2.1", 1000, "aa")]
    assert compare(left, [*new, neighbour]).moved == (("192.0.2.1", "192.0.2.8"),)  # it is no one's own any more


def test_who_shows_no_certificate_is_not_known_by_that_of_another() -> None:
    old = [owned("192.0.2.1", 1000, "aa"), owned("192.0.2.2", 7, software="Conquest")]
    new = [owned("192.0.2.7", 1000, "aa"), owned("192.0.2.8", 9000)]
    assert compare(old, new).moved == (("192.0.2.1", "192.0.2.7"),)


def test_what_was_not_counted_grew_by_nothing() -> None:
    counted = [system("192.0.2.1", country="US"), system("192.0.2.2", country="DE")]
    uncounted = [system("192.0.2.1", country="US", records=None), system("192.0.2.2", country="DE", records=None)]
    partly = [system("192.0.2.1", country="US", records=None), system("192.0.2.2", country="DE", records=10)]

    def judged(old: list[System], new: list[System]) -> dict[str, str]:
        return {change.region.country: change.judgement.value for change in compare(old, new).regions}

    assert judged(uncounted, counted) == {"US": "bad", "DE": "bad"}
    assert judged(partly, counted) == {"US": "bad", "DE": "ugly"}
    assert judged([], counted) == {"US": "ugly", "DE": "ugly"}
    assert not compare(uncounted, counted).world.before.has_records_counted
