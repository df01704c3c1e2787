"""Invariant: a field's name says its kinds, in every spelling and all languages of the table; no false friend does."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadglass.survey.personal_data import KINDS, kinds_of_field, kinds_of_fields

_TABLE = tomllib.loads(files("leadglass.survey").joinpath("personal_data.toml").read_text(encoding="utf-8"))["kind"]
_PHRASES = [(kind, phrase) for kind, row in _TABLE.items() for phrase in row["says"]]
_SPELLINGS = (
    lambda words: "_".join(words),
    lambda words: "_".join(words).upper(),
    lambda words: ".".join(words),
    lambda words: "-".join(words),
    lambda words: "".join(words),
    lambda words: words[0] + "".join(word.capitalize() for word in words[1:]),
    lambda words: "".join(word.capitalize() for word in words),
    lambda words: "record." + "_".join(words) + ".keyword",
)


def test_the_kinds() -> None:
    assert set(KINDS) == {
        "name", "birth date", "national id", "contact", "physician",
        "diagnosis", "notes", "patient id", "sex", "insurance",
    }  # fmt: skip


@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_every_phrase_is_found_in_every_spelling(spelling: Callable[[list[str]], str]) -> None:
    written = [(kind, spelling(phrase.split())) for kind, phrase in _PHRASES]
    assert [(kind, name) for kind, name in written if kind not in kinds_of_field(name)] == []


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("PatientName", {"name"}),
        ("00100010", {"name"}),
        ("0010,0030.Value", {"birth date"}),
        ("patient.birthDate", {"birth date"}),
        ("PATIENT_DOB", {"birth date"}),
        ("subject.reference", {"patient id"}),
        ("Aadhaar_No", {"national id"}),
        ("Numéro de Sécurité Sociale", {"national id"}),
        ("ReferringPhysicianName", {"physician"}),
        ("doctorFirstName", {"physician"}),
        ("Geburtsdatum", {"birth date"}),
        ("straße", {"contact"}),
        ("Überweiser", {"physician"}),
        ("doğum_tarihi", {"birth date"}),
        ("phone1", {"contact"}),
        ("icd10_code", {"diagnosis"}),
        ("clinicalNotes", {"notes"}),
        ("PatientInsuranceID", {"insurance"}),
        ("prénom", {"name"}),
        ("Data de Nascimento", {"birth date"}),
        ("rogi_ka_naam", {"name"}),
    ],
)
def test_names_as_they_are_met(name: str, kinds: set[str]) -> None:
    assert kinds_of_field(name) == kinds


@pytest.mark.parametrize(
    "name",
    [
        "username", "user_name", "hostname", "host.name", "filename", "file_name", "class_name", "className",
        "fullClassName", "database_name", "index", "uid", "StudyInstanceUID", "ip_address",
        "macAddress", "mRNA", "remote_addr", "pid",
        "process.pid", "essex", "dobby", "headphone", "microphone", "doctype", "diagnostics", "log.diagnosis.level",
        "email_server", "notes", "name", "address", "report", "pan", "nir", "table_full_name", "", "   ", "_id",
        "@timestamp", "policy", "retention_policy", "network_security_policy_number",
        "insurance_retention_days", "birth",
    ],
)  # fmt: skip
def test_false_friends(name: str) -> None:
    assert kinds_of_field(name) == frozenset()


def test_common_words_count_only_among_people() -> None:
    assert kinds_of_fields(["name", "notes", "address"]) == ()
    assert kinds_of_fields(["name.keyword", "notes", "host.name", "dob"]) == ("birth date", "name", "notes")
    assert kinds_of_fields([]) == ()


@given(st.text(max_size=600))
def test_any_text_is_taken(name: str) -> None:
    assert kinds_of_field(name) <= set(KINDS)
    assert set(kinds_of_fields([name])) <= set(KINDS)


@given(st.lists(st.sampled_from([phrase for _, phrase in _PHRASES] + ["name", "notes", "host"]), max_size=6))
def test_more_fields_never_say_less(names: list[str]) -> None:
    for name in names:
        assert kinds_of_field(name) <= set(kinds_of_fields(names))
    assert list(kinds_of_fields(names)) == sorted(kinds_of_fields(names))
