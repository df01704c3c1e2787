"""The user information item, both ways (PS3.8 annex D, PS3.7 §D.3.3).

Each sub-item has its writer and its reader side by side. Sub-items are written in the order of their types.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import pack

from leadglass.dicom.upperlayer.items import (
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    ItemType,
    RoleSelection,
    UnknownItem,
    UserInformation,
)
from leadglass.dicom.upperlayer.tlv import Fields, as_text, ceiling_reached, counted, invalid, item, items, text_bytes
from leadglass.terms.ceilings import MAX_IDENTITY_FIELD
from leadglass.terms.evidence import UserIdentity

__all__ = ["decode_user_information", "encode_user_information"]


def encode_user_information(information: UserInformation) -> bytes:
    """The value of the item (without its own header). LocalViolation if a part of it is too long."""
    return b"".join(item(item_type, value) for item_type, value in _sub_items(information))


def _sub_items(information: UserInformation) -> Iterator[tuple[int, bytes]]:
    yield ItemType.MAXIMUM_LENGTH, pack(">I", information.max_pdu_length)
    if information.implementation_class_uid:
        yield ItemType.IMPLEMENTATION_CLASS_UID, text_bytes(information.implementation_class_uid)
    if information.async_window is not None:
        yield ItemType.ASYNCHRONOUS_OPERATIONS_WINDOW, pack(">HH", *information.async_window)
    for role in information.roles:
        yield ItemType.ROLE_SELECTION, _role_bytes(role)
    if information.implementation_version_name:
        yield ItemType.IMPLEMENTATION_VERSION_NAME, text_bytes(information.implementation_version_name)
    for extension in information.extended:
        yield ItemType.EXTENDED_NEGOTIATION, _extended_bytes(extension)
    for common in information.common_extended:
        yield ItemType.COMMON_EXTENDED_NEGOTIATION, _common_extended_bytes(common)
    if information.user_identity is not None:
        yield ItemType.USER_IDENTITY, _identity_bytes(information.user_identity)
    if information.identity_response is not None:
        yield ItemType.USER_IDENTITY_RESPONSE, counted(information.identity_response)
    for unknown in information.unknown:
        yield unknown.item_type, unknown.value


def decode_user_information(value: bytes) -> UserInformation:
    """The reading of the item's value. Raises PeerViolation, or CeilingReached for identities beyond measure."""
    found = _Found()
    for item_type, sub_item in items(value, "the user information"):
        found.add(item_type, sub_item)
    return found.information()


@dataclass(slots=True)
class _Found:
    """Sub-items as they are met. A second one where there can be one is refused: two readings, two truths."""

    single: dict[int, bytes] = field(default_factory=dict)
    roles: list[RoleSelection] = field(default_factory=list)
    extended: list[ExtendedNegotiation] = field(default_factory=list)
    common_extended: list[CommonExtendedNegotiation] = field(default_factory=list)
    unknown: list[UnknownItem] = field(default_factory=list)

    def add(self, item_type: int, value: bytes) -> None:
        if item_type == ItemType.ROLE_SELECTION:
            self.roles.append(_read_role(value))
        elif item_type == ItemType.EXTENDED_NEGOTIATION:
            self.extended.append(_read_extended(value))
        elif item_type == ItemType.COMMON_EXTENDED_NEGOTIATION:
            self.common_extended.append(_read_common_extended(value))
        elif item_type not in _SINGLE:
            self.unknown.append(UnknownItem(item_type, value))
        elif item_type in self.single:
            raise invalid(f"two user information items of type {item_type:02X}H", "PS3.8 annex D.1")
        else:
            self.single[item_type] = value

    def information(self) -> UserInformation:
        single = self.single
        maximum = single.get(ItemType.MAXIMUM_LENGTH)
        window = single.get(ItemType.ASYNCHRONOUS_OPERATIONS_WINDOW)
        identity = single.get(ItemType.USER_IDENTITY)
        response = single.get(ItemType.USER_IDENTITY_RESPONSE)
        return UserInformation(
            max_pdu_length=_read_maximum_length(maximum) if maximum is not None else 0,
            implementation_class_uid=as_text(single.get(ItemType.IMPLEMENTATION_CLASS_UID, b"")),
            implementation_version_name=as_text(single.get(ItemType.IMPLEMENTATION_VERSION_NAME, b"")),
            async_window=_read_window(window) if window is not None else None,
            roles=tuple(self.roles),
            extended=tuple(self.extended),
            common_extended=tuple(self.common_extended),
            user_identity=_read_identity(identity) if identity is not None else None,
            identity_response=_read_response(response) if response is not None else None,
            unknown=tuple(self.unknown),
        )


_SINGLE = frozenset(
    {
        ItemType.MAXIMUM_LENGTH,
        ItemType.IMPLEMENTATION_CLASS_UID,
        ItemType.ASYNCHRONOUS_OPERATIONS_WINDOW,
        ItemType.IMPLEMENTATION_VERSION_NAME,
        ItemType.USER_IDENTITY,
        ItemType.USER_IDENTITY_RESPONSE,
    }
)


def _read_maximum_length(value: bytes) -> int:
    fields = Fields(value, "the maximum length item")
    maximum = fields.long()
    fields.end()
    return maximum


def _read_window(value: bytes) -> tuple[int, int]:
    fields = Fields(value, "the asynchronous operations window item")
    window = fields.short(), fields.short()
    fields.end()
    return window


def _role_bytes(role: RoleSelection) -> bytes:
    return counted(text_bytes(role.sop_class_uid)) + bytes((role.scu, role.scp))


def _read_role(value: bytes) -> RoleSelection:
    fields = Fields(value, "a role selection item")
    role = RoleSelection(fields.counted_text(), scu=fields.byte() != 0, scp=fields.byte() != 0)
    fields.end()
    return role


def _extended_bytes(extension: ExtendedNegotiation) -> bytes:
    return counted(text_bytes(extension.sop_class_uid)) + extension.service_class_application_information


def _read_extended(value: bytes) -> ExtendedNegotiation:
    fields = Fields(value, "an extended negotiation item")
    return ExtendedNegotiation(fields.counted_text(), fields.rest())


def _common_extended_bytes(common: CommonExtendedNegotiation) -> bytes:
    related = b"".join(counted(text_bytes(uid)) for uid in common.related_general_sop_class_uids)
    return counted(text_bytes(common.sop_class_uid)) + counted(text_bytes(common.service_class_uid)) + counted(related)


def _read_common_extended(value: bytes) -> CommonExtendedNegotiation:
    fields = Fields(value, "a common extended negotiation item")
    sop_class_uid, service_class_uid = fields.counted_text(), fields.counted_text()
    related, uids = Fields(fields.counted(), "a list of related SOP classes"), []
    while related.is_left:
        uids.append(related.counted_text())
    return CommonExtendedNegotiation(sop_class_uid, service_class_uid, tuple(uids))  # what follows is reserved


def _identity_bytes(identity: UserIdentity) -> bytes:
    kind = bytes((identity.kind, identity.response_requested))
    return kind + counted(identity.primary) + counted(identity.secondary)


def _read_identity(value: bytes) -> UserIdentity:
    fields = Fields(value, "the user identity item")
    kind, response_requested = fields.byte(), fields.byte() != 0
    primary, secondary = _identity_field(fields), _identity_field(fields)
    fields.end()
    return UserIdentity(kind, primary, secondary, response_requested)


def _read_response(value: bytes) -> bytes:
    fields = Fields(value, "the user identity response item")
    response = _identity_field(fields)
    fields.end()
    return response


def _identity_field(fields: Fields) -> bytes:
    length = fields.short()
    if length > MAX_IDENTITY_FIELD:
        raise ceiling_reached("MAX_IDENTITY_FIELD", MAX_IDENTITY_FIELD, length)
    return fields.take(length)
