"""The tables. Patient columns live on the study row: one row answers the commonest question there is.

`studies`, `series` and `instances` refer to each other by row number. A series belongs to one study row even when
a careless de-identifier reused its UID elsewhere, so an instance can never slip into a study it does not name.
Columns called `*_search` hold the normalised form of their neighbour (see `normal`).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from leadglass.store.index.types import Instant, RowId, Text, Words

__all__ = [
    "INDEXED",
    "INDEXED_IF_FILLED",
    "collection_studies",
    "collections",
    "devices",
    "grants",
    "instances",
    "invitations",
    "metadata",
    "passkeys",
    "request_attributes",
    "second_factors",
    "series",
    "series_metadata",
    "sessions",
    "settings",
    "studies",
    "study_keys",
    "tokens",
    "users",
    "volume_positions",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str) -> Column[str]:
    return Column(name, Text(), nullable=False, server_default="")


INDEXED_IF_FILLED: Final = frozenset(
    {"patient_name_ideographic_search", "patient_name_phonetic_search", "accession_number"}
)
"""Columns often empty, whose index holds no empty ones: a condition must say `<> ''` for the index to be used."""

INDEXED: Final = INDEXED_IF_FILLED | {"patient_id", "patient_name_search", "study_date", "referring_physician_search"}
"""Columns of studies that begin an index."""


def _index_if_filled(table: str, name: str) -> Index:
    filled = text(f"{name} <> ''")
    return Index(f"ix_{table}_{name}", name, sqlite_where=filled, postgresql_where=filled)


studies = Table(
    "studies",
    metadata,
    Column("id", RowId(), primary_key=True, autoincrement=True),
    Column("study_instance_uid", Text(), nullable=False, unique=True),
    _text("patient_id"),
    _text("issuer_of_patient_id"),
    _text("patient_key"),  # PatientID@IssuerOfPatientID, what a grant on a patient names
    _text("patient_name"),
    _text("patient_name_search"),
    _text("patient_name_ideographic_search"),
    _text("patient_name_phonetic_search"),
    _text("patient_name_words"),  # see `fuzzy`
    _text("patient_birth_date"),
    _text("patient_sex"),
    _text("study_date"),
    _text("study_time"),
    _text("accession_number"),
    _text("study_id"),
    _text("study_description"),
    _text("referring_physician_name"),
    _text("referring_physician_search"),
    _text("referring_physician_words"),
    _text("institution_name"),
    _text("institution_search"),
    _text("stored_by"),  # principal id of whoever stored the first instance
    Column("first_stored_at", Instant(), nullable=False),
    _text("dicom_json"),  # see `fragments`
    # Each index costs every new study a page to encrypt: only what is asked for by itself has one.
    Index(None, "patient_id", "issuer_of_patient_id"),
    Index(None, "study_date", "study_time"),  # the order of search answers, too
    *(Index(None, name) for name in sorted(INDEXED - INDEXED_IF_FILLED - {"patient_id", "study_date"})),
    *(_index_if_filled("studies", name) for name in sorted(INDEXED_IF_FILLED)),
)

series = Table(
    "series",
    metadata,
    Column("id", RowId(), primary_key=True, autoincrement=True),
    Column("study_row", RowId(), ForeignKey("studies.id"), nullable=False),
    Column("series_instance_uid", Text(), nullable=False),
    _text("modality"),
    _text("series_number"),
    _text("series_description"),
    _text("series_date"),
    _text("series_time"),
    _text("body_part_examined"),
    _text("protocol_name"),
    _text("station_name"),
    _text("laterality"),
    _text("performed_procedure_step_start_date"),
    _text("performed_procedure_step_start_time"),
    _text("stored_by"),  # principal id of whoever stored its first instance
    Column("number_of_instances", Integer, nullable=False),
    _text("dicom_json"),
    UniqueConstraint("study_row", "series_instance_uid"),
    Index(None, "series_instance_uid"),
)

request_attributes = Table(
    "request_attributes",
    metadata,
    Column("series_row", RowId(), ForeignKey("series.id"), primary_key=True, autoincrement=False),
    Column("item", Integer, primary_key=True, autoincrement=False),
    _text("requested_procedure_id"),
    _text("scheduled_procedure_step_id"),
    Index(None, "requested_procedure_id"),
    Index(None, "scheduled_procedure_step_id"),
)

instances = Table(
    "instances",
    metadata,
    Column("series_row", RowId(), ForeignKey("series.id"), primary_key=True, autoincrement=False),
    Column("sop_instance_uid", Text(), primary_key=True, unique=True),
    _text("sop_class_uid"),
    _text("transfer_syntax_uid"),
    _text("instance_number"),
    _text("rows"),
    _text("columns"),
    _text("bits_allocated"),
    _text("number_of_frames"),
    _text("content_date"),
    _text("content_time"),
    Column("volume", RowId(), nullable=False),
    Column("offset", RowId(), nullable=False),
    Column("length", RowId(), nullable=False),
    Column("object_id", LargeBinary, nullable=False),
    Column("key_id", LargeBinary, nullable=False),
    Column("plaintext_length", RowId(), nullable=False),
    Column("dataset_offset", Integer, nullable=False),
    sqlite_with_rowid=False,  # the rows of a series lie together, and there is one B-tree less to write
)

series_metadata = Table(
    "series_metadata",
    metadata,
    Column("series_row", RowId(), ForeignKey("series.id"), primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),  # in viewing order
    Column("version", LargeBinary, nullable=False),  # random: another one whenever the part is written anew
    Column("number_of_instances", Integer, nullable=False),
    Column("length", RowId(), nullable=False),  # bytes of the part once it is opened
    Column("sealed", LargeBinary, nullable=False),  # encrypted under the study's key
)

study_keys = Table(
    "study_keys",
    metadata,
    Column("key_id", LargeBinary, primary_key=True),
    Column("study_instance_uid", Text(), nullable=False, unique=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("master_id", Text(), nullable=False),
    Index(None, "master_id"),
)

volume_positions = Table(
    "volume_positions",
    metadata,
    Column("volume", RowId(), primary_key=True, autoincrement=False),
    Column("indexed_to", RowId(), nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", Text(), primary_key=True),
    Column("name", Text(), nullable=False, unique=True),
    _text("ae_title"),
    Column("networks", Words(), nullable=False),
    _text("certificate_fingerprint"),
    Column("tls_only", Boolean, nullable=False),
    Column("actions", Words(), nullable=False),
    _text("address"),
    Column("created_at", Instant(), nullable=False),
    Column("revoked_at", Instant()),
    Index(None, "ae_title"),
    Index(None, "certificate_fingerprint"),
)

users = Table(
    "users",
    metadata,
    Column("id", Text(), primary_key=True),
    Column("username", Text(), nullable=False, unique=True),
    Column("password_hash", Text(), nullable=False),
    Column("roles", Words(), nullable=False),
    _text("organisation"),
    Column("created_at", Instant(), nullable=False),
    Column("disabled_at", Instant()),
)

second_factors = Table(
    "second_factors",
    metadata,
    Column("user_id", Text(), primary_key=True),
    Column("seed", LargeBinary, nullable=False),  # no secret: the codes follow from it and a key of the ring
    Column("last_step", RowId(), nullable=False),  # the latest time step whose code was taken: none is taken twice
    Column("created_at", Instant(), nullable=False),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("credential_id", LargeBinary, primary_key=True),
    Column("user_id", Text(), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", RowId(), nullable=False),
    Column("transports", Words(), nullable=False),
    _text("name"),
    Column("created_at", Instant(), nullable=False),
    Column("last_used_at", Instant(), nullable=False),
    Index(None, "user_id"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("id", Text(), nullable=False, unique=True),
    Column("purpose", Text(), nullable=False),
    Column("roles", Words(), nullable=False),
    _text("username"),
    Column("invited_by", Text(), nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Column("used_at", Instant()),
    Column("ended_at", Instant()),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("user_id", Text(), nullable=False),
    Column("method", Text(), nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("last_seen_at", Instant(), nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Column("ended_at", Instant()),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text(), primary_key=True),
    Column("name", Text(), nullable=False, unique=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("role", Text(), nullable=False),
    Column("actions", Words(), nullable=False),
    Column("selector_kind", Text(), nullable=False),
    _text("selector_value"),
    Column("created_at", Instant(), nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Column("revoked_at", Instant()),
    Column("last_used_at", Instant()),
)

grants = Table(
    "grants",
    metadata,
    Column("id", Text(), primary_key=True),
    _text("principal_id"),  # a principal or a group; empty if the grant is for a role
    _text("role"),
    Column("effect", Text(), nullable=False),
    Column("actions", Words(), nullable=False),
    Column("selector_kind", Text(), nullable=False),
    _text("selector_value"),
    Column("form", Text(), nullable=False),
    Column("valid_from", Instant()),
    Column("valid_until", Instant()),
    Column("granted_by", Text(), nullable=False),
    Column("why", Text(), nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("revoked_at", Instant()),
    Index(None, "principal_id"),
    Index(None, "role"),
)

collections = Table(
    "collections",
    metadata,
    Column("name", Text(), primary_key=True),
    _text("description"),
    Column("created_at", Instant(), nullable=False),
)

collection_studies = Table(
    "collection_studies",
    metadata,
    Column("collection", Text(), ForeignKey("collections.name"), primary_key=True),
    Column("study_instance_uid", Text(), primary_key=True),  # may be named before its images arrive
    Index(None, "study_instance_uid"),
)

settings = Table(
    "settings",
    metadata,
    Column("name", Text(), primary_key=True),
    Column("value", Text(), nullable=False),
)
