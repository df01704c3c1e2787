"""Judge and list agree: what `Visibility.admits` says of each study is what the database lists, on both databases."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete

from helpers.index_world import AT, header, location
from leadglass.store.index.collections import add_collection, add_to_collection
from leadglass.store.index.database import Database
from leadglass.store.index.facts import study_facts
from leadglass.store.index.instances import add_instances
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.normal import normal_name, normal_text
from leadglass.store.index.outcomes import NewInstance
from leadglass.store.index.queries import find
from leadglass.store.index.retrieval import objects_of
from leadglass.store.index.tables import metadata
from leadglass.terms.visibility import Selector, SelectorKind, Visibility

_IDS = st.sampled_from(["", "P", "p", "P@", "P@H", "@H", "P@H@H", "Ä", "P%", "P*", "'"])
_ISSUERS = st.sampled_from(["", "H", "h", "H@H", "@"])
_NAMES = st.sampled_from(["", "DOE^J", "doe^j^^", "Doe ^ J", "ẞ^Ä", "ﾔﾏﾀﾞ^ﾀﾛｳ", "=山田", "[a]*?"])
_COLLECTIONS = ["teaching", "Teaching", "trial 7"]
_STUDIES = [f"1.2.{number}" for number in range(6)]

_study = st.fixed_dictionaries(
    {
        "patient_id": _IDS,
        "issuer_of_patient_id": _ISSUERS,
        "referring_physician_name": _NAMES,
        "institution_name": _NAMES,
        "by": st.sampled_from(["dev-1", "dev-2", "Dev-1"]),
        "collections": st.sets(st.sampled_from(_COLLECTIONS)),
    }
)
_worlds = st.lists(_study, max_size=len(_STUDIES))

_values = {
    SelectorKind.EVERYTHING: st.sampled_from(["", "x"]),
    SelectorKind.STUDY: st.sampled_from([*_STUDIES, "", "1.2"]),
    SelectorKind.PATIENT: st.one_of(_IDS, st.builds("{}@{}".format, _IDS, _ISSUERS), st.text(max_size=3)),
    SelectorKind.COLLECTION: st.sampled_from([*_COLLECTIONS, "", "TEACHING"]),
    SelectorKind.INSTITUTION: st.one_of(_NAMES.map(normal_text), _NAMES),
    SelectorKind.REFERRING_PHYSICIAN: st.one_of(_NAMES.map(normal_name), _NAMES),
    SelectorKind.STORED_BY: st.sampled_from(["dev-1", "dev-2", "DEV-1", ""]),
}
_anything = st.text(st.characters(), max_size=4)  # NUL and surrogates too: what a database cannot hold equals nothing
_selectors = st.sampled_from(SelectorKind).flatmap(
    lambda kind: st.builds(Selector, st.just(kind), st.one_of(_values[kind], _values[kind], _anything))
)
_visibilities = st.builds(
    Visibility,
    st.frozensets(_selectors, max_size=4),
    st.one_of(st.just(frozenset[Selector]()), st.frozensets(_selectors, max_size=3)),
)


def _in_world(conn: Connection, world: list[dict[str, Any]], visibilities: list[Visibility]) -> list[tuple[Any, ...]]:
    """For each visibility: what is admitted, and what is listed at each level and would be retrieved."""
    for table in reversed(metadata.sorted_tables):
        conn.execute(delete(table))
    for name in _COLLECTIONS:
        add_collection(conn, name, "", AT)
    for number, (uid, study) in enumerate(zip(_STUDIES, world, strict=False)):
        attributes = {key: value for key, value in study.items() if key not in ("by", "collections")}
        add_instances(conn, [NewInstance(header(uid, **attributes), location(number), study["by"], AT)])
        for name in study["collections"]:
            add_to_collection(conn, name, [uid])
    facts = [study_facts(conn, uid) for uid in _STUDIES[: len(world)]]
    return [_answers(conn, visibility, facts) for visibility in visibilities]


def _answers(conn: Connection, visibility: Visibility, facts: list[Any]) -> tuple[Any, ...]:
    admitted = [one for one in facts if visibility.admits(one)]
    listed = [
        [row["StudyInstanceUID"] for row in find(conn, level, {}, [], visibility)]
        for level in (QueryLevel.STUDY, QueryLevel.SERIES, QueryLevel.IMAGE)
    ]
    patients = {
        (row["PatientID"], row["IssuerOfPatientID"], row["NumberOfPatientRelatedStudies"])
        for row in find(conn, QueryLevel.PATIENT, {}, ["NumberOfPatientRelatedStudies"], visibility)
    }
    retrieved = [one.study_instance_uid for one in objects_of(conn, QueryLevel.STUDY, _STUDIES, visibility)]
    return admitted, listed, patients, retrieved


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=_worlds, visibilities=st.lists(_visibilities, min_size=1, max_size=4))
async def test_what_is_listed_is_what_is_admitted(
    database: Database, world: list[dict[str, Any]], visibilities: list[Visibility]
) -> None:
    answers = await database.write(_in_world, world, visibilities, durable=False)
    for admitted, listed, patients, retrieved in answers:
        expected = [facts.study_instance_uid for facts in admitted]
        assert listed == [expected] * 3
        assert retrieved == expected
        of_patient = [(facts.patient_id, facts.issuer_of_patient_id) for facts in admitted]
        assert patients == {(*patient, str(of_patient.count(patient))) for patient in of_patient}
