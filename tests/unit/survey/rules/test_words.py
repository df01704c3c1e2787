"""Every rule speaks every language, and has its row in the page of findings."""

import re
import string
from pathlib import Path

import pytest

from leadglass.survey.rules import RULES, words, words_for

NAMES = [rule.name for rule in RULES]
PAGE = (Path(__file__).parents[4] / "docs/findings.md").read_text()


def test_the_tables_hold_every_rule_and_no_other() -> None:
    for language in words.LANGUAGES:
        assert sorted(words._tables(language)) == sorted(NAMES)


@pytest.mark.parametrize("rule", NAMES)
def test_words_in_every_language(rule: str) -> None:
    products = {tuple(sorted(words._tables(language)[rule].products)) for language in words.LANGUAGES}
    assert len(products) == 1
    spoken = [words_for(rule, "", language) for language in words.LANGUAGES]
    for each in spoken:
        assert each.title
        assert each.what.endswith(".")
        assert each.advice.endswith(".")
        assert not each.title.endswith(".")
    assert len({each.what for each in spoken}) == len(spoken)


@pytest.mark.parametrize("rule", NAMES)
def test_settings_have_the_same_names_in_every_language(rule: str) -> None:
    """What is set is not translated."""
    tables = [words._tables(language)[rule] for language in words.LANGUAGES]
    for product in tables[0].products:
        named = {tuple(sorted(set(re.findall(r'"([A-Z]\w+)"', table.products[product])))) for table in tables}
        assert len(named) == 1, product


@pytest.mark.parametrize("rule", NAMES)
def test_a_row_in_the_page_of_findings(rule: str) -> None:
    assert len(re.findall(rf"^\| `{rule}` \|", PAGE, re.MULTILINE)) == 1


def test_the_page_has_no_other_rows() -> None:
    assert re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE, re.MULTILINE) == sorted(
        NAMES, key=re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE, re.MULTILINE).index
    )
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE, re.MULTILINE)) == set(NAMES)


def test_a_product_is_found_by_a_part_of_its_name() -> None:
    general = words_for("dicom-answers-strangers", "", "en").advice
    for product, setting in [
        ("Orthanc", "DicomAlwaysAllowFind"),
        ("dcm4chee-arc", "Accepted Calling AE Title(s)"),
        ("Conquest DICOM server", "acrnema.map"),
        ("DCMTK 3.6.7", "dcmqrscp.cfg"),
    ]:
        advice = words_for("dicom-answers-strangers", product, "en").advice
        assert setting in advice
        assert advice.endswith(general)
    assert words_for("dicom-answers-strangers", "something else", "en").advice == general


def test_another_language_is_english() -> None:
    assert words_for("no-tls", "", "fr") == words_for("no-tls", "", "en")
    assert words_for("no-tls", "", "de") != words_for("no-tls", "", "en")


def test_no_rule_by_that_name() -> None:
    with pytest.raises(KeyError):
        words_for("no-such-rule", "", "en")


def test_texts_are_plain() -> None:
    """They stand in HTML, PDF, text and CSV: no markup, no fields to fill in."""
    for language in words.LANGUAGES:
        for table in words._tables(language).values():
            for text in (table.title, table.what, table.advice, *table.products.values()):
                assert "\n" not in text
                assert [field for _, field, _, _ in string.Formatter().parse(text) if field is not None] == []
