"""The first tables.

Migrations are history: this file never follows later changes of `tables`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _index_if_filled(table: str, column: str) -> None:
    filled = sa.text(f"{column} <> ''")
    op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=filled, postgresql_where=filled)


def _create_collections() -> None:
    op.create_table(
        "collections",
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("description", _TEXT, nullable=False, server_default=""),
        sa.Column("created_at", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_collections"),
    )


def _create_devices() -> None:
    op.create_table(
        "devices",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("ae_title", _TEXT, nullable=False, server_default=""),
        sa.Column("networks", _TEXT, nullable=False),
        sa.Column("certificate_fingerprint", _TEXT, nullable=False, server_default=""),
        sa.Column("tls_only", sa.Boolean, nullable=False),
        sa.Column("actions", _TEXT, nullable=False),
        sa.Column("address", _TEXT, nullable=False, server_default=""),
        sa.Column("created_at", _TEXT, nullable=False),
        sa.Column("revoked_at", _TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.UniqueConstraint("name", name="uq_devices_name"),
    )
    op.create_index("ix_devices_ae_title", "devices", ["ae_title"])
    op.create_index("ix_devices_certificate_fingerprint", "devices", ["certificate_fingerprint"])


def _create_grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("principal_id", _TEXT, nullable=False, server_default=""),
        sa.Column("role", _TEXT, nullable=False, server_default=""),
        sa.Column("effect", _TEXT, nullable=False),
        sa.Column("actions", _TEXT, nullable=False),
        sa.Column("selector_kind", _TEXT, nullable=False),
        sa.Column("selector_value", _TEXT, nullable=False, server_default=""),
        sa.Column("form", _TEXT, nullable=False),
        sa.Column("valid_from", _TEXT),
        sa.Column("valid_until", _TEXT),
        sa.Column("granted_by", _TEXT, nullable=False),
        sa.Column("why", _TEXT, nullable=False),
        sa.Column("created_at", _TEXT, nullable=False),
        sa.Column("revoked_at", _TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
    )
    op.create_index("ix_grants_principal_id", "grants", ["principal_id"])
    op.create_index("ix_grants_role", "grants", ["role"])


def _create_settings() -> None:
    op.create_table(
        "settings",
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("value", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )


def _create_studies() -> None:
    op.create_table(
        "studies",
        sa.Column("id", _ROW, autoincrement=True, nullable=False),
        sa.Column("study_instance_uid", _TEXT, nullable=False),
        sa.Column("patient_id", _TEXT, nullable=False, server_default=""),
        sa.Column("issuer_of_patient_id", _TEXT, nullable=False, server_default=""),
        sa.Column("patient_key", _TEXT, nullable=False, server_default=""),
        sa.Column("patient_name", _TEXT, nullable=False, server_default=""),
        sa.Column("patient_name_search", _TEXT, nullable=False, server_default=""),
        sa.Column("patient_name_ideographic_search", _TEXT, nullable=False, server_default=""),
        sa.Column("patient_name_phonetic_search", _TEXT, nullable=False, server_default=""),
        sa.Column("patient_name_words", _TEXT, nullable=False, server_default=""),
        sa.Column("patient_birth_date", _TEXT, nullable=False, server_default=""),
        sa.Column("patient_sex", _TEXT, nullable=False, server_default=""),
        sa.Column("study_date", _TEXT, nullable=False, server_default=""),
        sa.Column("study_time", _TEXT, nullable=False, server_default=""),
        sa.Column("accession_number", _TEXT, nullable=False, server_default=""),
        sa.Column("study_id", _TEXT, nullable=False, server_default=""),
        sa.Column("study_description", _TEXT, nullable=False, server_default=""),
        sa.Column("referring_physician_name", _TEXT, nullable=False, server_default=""),
        sa.Column("referring_physician_search", _TEXT, nullable=False, server_default=""),
        sa.Column("referring_physician_words", _TEXT, nullable=False, server_default=""),
        sa.Column("institution_name", _TEXT, nullable=False, server_default=""),
        sa.Column("institution_search", _TEXT, nullable=False, server_default=""),
        sa.Column("stored_by", _TEXT, nullable=False, server_default=""),
        sa.Column("first_stored_at", _TEXT, nullable=False),
        sa.Column("dicom_json", _TEXT, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_studies"),
        sa.UniqueConstraint("study_instance_uid", name="uq_studies_study_instance_uid"),
    )
    _index_if_filled("studies", "accession_number")
    op.create_index("ix_studies_patient_id_issuer_of_patient_id", "studies", ["patient_id", "issuer_of_patient_id"])
    _index_if_filled("studies", "patient_name_ideographic_search")
    _index_if_filled("studies", "patient_name_phonetic_search")
    op.create_index("ix_studies_patient_name_search", "studies", ["patient_name_search"])
    op.create_index("ix_studies_referring_physician_search", "studies", ["referring_physician_search"])
    op.create_index("ix_studies_study_date_study_time", "studies", ["study_date", "study_time"])


def _create_study_keys() -> None:
    op.create_table(
        "study_keys",
        sa.Column("key_id", sa.LargeBinary, nullable=False),
        sa.Column("study_instance_uid", _TEXT, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("master_id", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_study_keys"),
        sa.UniqueConstraint("study_instance_uid", name="uq_study_keys_study_instance_uid"),
    )
    op.create_index("ix_study_keys_master_id", "study_keys", ["master_id"])


def _create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("role", _TEXT, nullable=False),
        sa.Column("actions", _TEXT, nullable=False),
        sa.Column("selector_kind", _TEXT, nullable=False),
        sa.Column("selector_value", _TEXT, nullable=False, server_default=""),
        sa.Column("created_at", _TEXT, nullable=False),
        sa.Column("expires_at", _TEXT, nullable=False),
        sa.Column("revoked_at", _TEXT),
        sa.Column("last_used_at", _TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("hash", name="uq_tokens_hash"),
        sa.UniqueConstraint("name", name="uq_tokens_name"),
    )


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("username", _TEXT, nullable=False),
        sa.Column("password_hash", _TEXT, nullable=False),
        sa.Column("roles", _TEXT, nullable=False),
        sa.Column("organisation", _TEXT, nullable=False, server_default=""),
        sa.Column("created_at", _TEXT, nullable=False),
        sa.Column("disabled_at", _TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
    )


def _create_second_factors() -> None:
    op.create_table(
        "second_factors",
        sa.Column("user_id", _TEXT, nullable=False),
        sa.Column("seed", sa.LargeBinary, nullable=False),
        sa.Column("last_step", _ROW, nullable=False),
        sa.Column("created_at", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_second_factors"),
    )


def _create_passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("credential_id", sa.LargeBinary, nullable=False),
        sa.Column("user_id", _TEXT, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", _ROW, nullable=False),
        sa.Column("transports", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False, server_default=""),
        sa.Column("created_at", _TEXT, nullable=False),
        sa.Column("last_used_at", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("credential_id", name="pk_passkeys"),
    )
    op.create_index("ix_passkeys_user_id", "passkeys", ["user_id"])


def _create_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("purpose", _TEXT, nullable=False),
        sa.Column("roles", _TEXT, nullable=False),
        sa.Column("username", _TEXT, nullable=False, server_default=""),
        sa.Column("invited_by", _TEXT, nullable=False),
        sa.Column("created_at", _TEXT, nullable=False),
        sa.Column("expires_at", _TEXT, nullable=False),
        sa.Column("used_at", _TEXT),
        sa.Column("ended_at", _TEXT),
        sa.PrimaryKeyConstraint("hash", name="pk_invitations"),
        sa.UniqueConstraint("id", name="uq_invitations_id"),
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("user_id", _TEXT, nullable=False),
        sa.Column("method", _TEXT, nullable=False),
        sa.Column("created_at", _TEXT, nullable=False),
        sa.Column("last_seen_at", _TEXT, nullable=False),
        sa.Column("expires_at", _TEXT, nullable=False),
        sa.Column("ended_at", _TEXT),
        sa.PrimaryKeyConstraint("hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])


def _create_volume_positions() -> None:
    op.create_table(
        "volume_positions",
        sa.Column("volume", _ROW, autoincrement=False, nullable=False),
        sa.Column("indexed_to", _ROW, nullable=False),
        sa.PrimaryKeyConstraint("volume", name="pk_volume_positions"),
    )


def _create_collection_studies() -> None:
    op.create_table(
        "collection_studies",
        sa.Column("collection", _TEXT, nullable=False),
        sa.Column("study_instance_uid", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("collection", "study_instance_uid", name="pk_collection_studies"),
        sa.ForeignKeyConstraint(
            ["collection"], ["collections.name"], name="fk_collection_studies_collection_collections"
        ),
    )
    op.create_index("ix_collection_studies_study_instance_uid", "collection_studies", ["study_instance_uid"])


def _create_series() -> None:
    op.create_table(
        "series",
        sa.Column("id", _ROW, autoincrement=True, nullable=False),
        sa.Column("study_row", _ROW, nullable=False),
        sa.Column("series_instance_uid", _TEXT, nullable=False),
        sa.Column("modality", _TEXT, nullable=False, server_default=""),
        sa.Column("series_number", _TEXT, nullable=False, server_default=""),
        sa.Column("series_description", _TEXT, nullable=False, server_default=""),
        sa.Column("series_date", _TEXT, nullable=False, server_default=""),
        sa.Column("series_time", _TEXT, nullable=False, server_default=""),
        sa.Column("body_part_examined", _TEXT, nullable=False, server_default=""),
        sa.Column("protocol_name", _TEXT, nullable=False, server_default=""),
        sa.Column("station_name", _TEXT, nullable=False, server_default=""),
        sa.Column("laterality", _TEXT, nullable=False, server_default=""),
        sa.Column("performed_procedure_step_start_date", _TEXT, nullable=False, server_default=""),
        sa.Column("performed_procedure_step_start_time", _TEXT, nullable=False, server_default=""),
        sa.Column("stored_by", _TEXT, nullable=False, server_default=""),
        sa.Column("number_of_instances", sa.Integer, nullable=False),
        sa.Column("dicom_json", _TEXT, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.UniqueConstraint("study_row", "series_instance_uid", name="uq_series_study_row_series_instance_uid"),
        sa.ForeignKeyConstraint(["study_row"], ["studies.id"], name="fk_series_study_row_studies"),
    )
    op.create_index("ix_series_series_instance_uid", "series", ["series_instance_uid"])


def _create_instances() -> None:
    op.create_table(
        "instances",
        sa.Column("series_row", _ROW, autoincrement=False, nullable=False),
        sa.Column("sop_instance_uid", _TEXT, nullable=False),
        sa.Column("sop_class_uid", _TEXT, nullable=False, server_default=""),
        sa.Column("transfer_syntax_uid", _TEXT, nullable=False, server_default=""),
        sa.Column("instance_number", _TEXT, nullable=False, server_default=""),
        sa.Column("rows", _TEXT, nullable=False, server_default=""),
        sa.Column("columns", _TEXT, nullable=False, server_default=""),
        sa.Column("bits_allocated", _TEXT, nullable=False, server_default=""),
        sa.Column("number_of_frames", _TEXT, nullable=False, server_default=""),
        sa.Column("content_date", _TEXT, nullable=False, server_default=""),
        sa.Column("content_time", _TEXT, nullable=False, server_default=""),
        sa.Column("volume", _ROW, nullable=False),
        sa.Column("offset", _ROW, nullable=False),
        sa.Column("length", _ROW, nullable=False),
        sa.Column("object_id", sa.LargeBinary, nullable=False),
        sa.Column("key_id", sa.LargeBinary, nullable=False),
        sa.Column("plaintext_length", _ROW, nullable=False),
        sa.Column("dataset_offset", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("series_row", "sop_instance_uid", name="pk_instances"),
        sa.ForeignKeyConstraint(["series_row"], ["series.id"], name="fk_instances_series_row_series"),
        sa.UniqueConstraint("sop_instance_uid", name="uq_instances_sop_instance_uid"),
        sqlite_with_rowid=False,
    )


def _create_request_attributes() -> None:
    op.create_table(
        "request_attributes",
        sa.Column("series_row", _ROW, autoincrement=False, nullable=False),
        sa.Column("item", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("requested_procedure_id", _TEXT, nullable=False, server_default=""),
        sa.Column("scheduled_procedure_step_id", _TEXT, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("series_row", "item", name="pk_request_attributes"),
        sa.ForeignKeyConstraint(["series_row"], ["series.id"], name="fk_request_attributes_series_row_series"),
    )
    op.create_index("ix_request_attributes_requested_procedure_id", "request_attributes", ["requested_procedure_id"])
    op.create_index(
        "ix_request_attributes_scheduled_procedure_step_id", "request_attributes", ["scheduled_procedure_step_id"]
    )


def _create_series_metadata() -> None:
    op.create_table(
        "series_metadata",
        sa.Column("series_row", _ROW, autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("version", sa.LargeBinary, nullable=False),
        sa.Column("number_of_instances", sa.Integer, nullable=False),
        sa.Column("length", _ROW, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("series_row", "part", name="pk_series_metadata"),
        sa.ForeignKeyConstraint(["series_row"], ["series.id"], name="fk_series_metadata_series_row_series"),
    )


def upgrade() -> None:
    """Creates everything in an empty database."""
    _create_collections()
    _create_devices()
    _create_grants()
    _create_settings()
    _create_studies()
    _create_study_keys()
    _create_tokens()
    _create_users()
    _create_second_factors()
    _create_passkeys()
    _create_invitations()
    _create_sessions()
    _create_volume_positions()
    _create_collection_studies()
    _create_series()
    _create_instances()
    _create_request_attributes()
    _create_series_metadata()
