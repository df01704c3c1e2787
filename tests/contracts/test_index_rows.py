"""The plain rows: devices, users, tokens, grants, collections, study keys, settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from helpers.index_world import AT
from leadglass.store.index.collections import (
    CollectionRow,
    add_collection,
    add_to_collection,
    delete_collection,
    list_collections,
    remove_from_collection,
    studies_of_collection,
)
from leadglass.store.index.database import Database
from leadglass.store.index.devices import (
    DeviceRow,
    add_device,
    device_by_certificate,
    device_by_name,
    devices_by_ae_title,
    list_devices,
    revoke_device,
)
from leadglass.store.index.grants import GrantRow, add_grant, grants_of, list_grants, revoke_grant
from leadglass.store.index.settings import get_setting, put_setting
from leadglass.store.index.study_keys import (
    add_study_key,
    delete_study_key,
    key_by_id,
    living_key_ids,
    rewrap_all_keys,
    study_key,
)
from leadglass.store.index.tokens import TokenRow, add_token, list_tokens, revoke_token, token_by_hash, touch_token
from leadglass.store.index.users import UserRow, add_user, disable_user, list_users, set_password_hash, user_by_name
from leadglass.store.keys.study import WrappedKey

LATER = AT + timedelta(days=1, microseconds=7)


async def test_devices(database: Database) -> None:
    ct = DeviceRow("dev-1", "ct-1", "CT1", ("10.0.0.0/8", "::1/128"), "ab" * 32, True, ("store",), "ct:104", AT)
    mr = DeviceRow("dev-2", "mr-1", "CT1", (), "", False, (), "", AT)
    assert await database.write(add_device, ct)
    assert await database.write(add_device, mr)
    assert not await database.write(add_device, replace(ct, id="dev-3"))
    assert not await database.write(add_device, replace(ct, name="other"))
    assert await database.read(device_by_name, "ct-1") == ct
    assert await database.read(device_by_name, "CT-1") is None
    assert await database.read(device_by_certificate, "ab" * 32) == ct
    assert await database.read(device_by_certificate, "") is None
    assert await database.read(devices_by_ae_title, "CT1") == [ct, mr]
    assert await database.write(revoke_device, "ct-1", LATER)
    assert not await database.write(revoke_device, "ct-1", LATER)
    assert await database.read(list_devices) == [replace(ct, revoked_at=LATER), mr]


async def test_a_certificate_enrolled_again_names_the_living_device(database: Database) -> None:
    old = DeviceRow("dev-1", "old", "A", (), "ab" * 32, True, (), "", AT, LATER)
    await database.write(add_device, old)
    assert await database.read(device_by_certificate, "ab" * 32) == old
    young = DeviceRow("dev-2", "young", "A", (), "ab" * 32, True, (), "", AT)
    await database.write(add_device, young)
    assert await database.read(device_by_certificate, "ab" * 32) == young


async def test_users(database: Database) -> None:
    ann = UserRow("usr-1", "ann", "$argon2id$x", ("clinician", "auditor"), "Ward 7", AT)
    assert await database.write(add_user, ann)
    assert not await database.write(add_user, replace(ann, id="usr-2"))
    assert "argon2" not in repr(ann)
    assert await database.write(set_password_hash, "ann", "$argon2id$y")
    assert not await database.write(set_password_hash, "bob", "$argon2id$y")
    assert await database.write(disable_user, "ann", LATER)
    assert not await database.write(disable_user, "ann", LATER)
    expected = replace(ann, password_hash="$argon2id$y", disabled_at=LATER)
    assert await database.read(user_by_name, "ann") == expected
    assert await database.read(user_by_name, "bob") is None
    assert await database.read(list_users) == [expected]


async def test_tokens(database: Database) -> None:
    token = TokenRow("tok-1", "ci", b"\x00h\xff" * 8, "service", ("query", "view"), "study", "1.2.1", AT, LATER)
    assert await database.write(add_token, token)
    assert not await database.write(add_token, replace(token, id="tok-2", hash=b"other"))
    assert await database.read(token_by_hash, b"nothing") is None
    await database.write(touch_token, "tok-1", AT)
    assert await database.write(revoke_token, "ci", LATER)
    assert not await database.write(revoke_token, "ci", LATER)
    expected = replace(token, revoked_at=LATER, last_used_at=AT)
    assert await database.read(token_by_hash, token.hash) == expected
    assert await database.read(list_tokens) == [expected]


async def test_grants(database: Database) -> None:
    patient, all_studies = ("patient", "P@H"), ("everything", "")
    mine = GrantRow("grt-1", "usr-1", "", "allow", ("query", "view"), *patient, "identified", AT, LATER, "adm", "x", AT)
    role = GrantRow("grt-2", "", "clinician", "deny", ("share",), *all_studies, "identified", None, None, "a", "y", AT)
    other = replace(mine, id="grt-3", principal_id="usr-2", created_at=LATER)
    for grant in (mine, role, other):
        await database.write(add_grant, grant)
    assert set(await database.read(grants_of, ["usr-1", "grp-9"], ["clinician"])) == {mine, role}
    assert await database.read(grants_of, ["usr-1", ""], ["", "auditor"]) == [mine]
    assert await database.read(grants_of, [], []) == []
    assert await database.write(revoke_grant, "grt-1", LATER)
    assert not await database.write(revoke_grant, "grt-1", LATER)
    assert await database.read(grants_of, ["usr-1"], []) == []
    assert await database.read(list_grants) == [replace(mine, revoked_at=LATER), role, other]


async def test_collections(database: Database) -> None:
    assert await database.write(add_collection, "trial", "Trial 7", AT)
    assert not await database.write(add_collection, "trial", "", AT)
    assert not await database.write(add_to_collection, "nowhere", ["1.2.1"])
    assert await database.write(add_to_collection, "trial", ["1.2.2", "1.2.1"])
    assert await database.write(add_to_collection, "trial", ["1.2.1", "1.2.3"])
    assert await database.write(add_to_collection, "trial", [])
    assert await database.read(studies_of_collection, "trial") == ["1.2.1", "1.2.2", "1.2.3"]
    assert await database.write(remove_from_collection, "trial", ["1.2.1", "1.2.9"]) == 1
    assert await database.read(list_collections) == [CollectionRow("trial", "Trial 7", AT, 2)]
    assert await database.write(delete_collection, "trial")
    assert not await database.write(delete_collection, "trial")
    assert await database.read(studies_of_collection, "trial") == []


async def test_study_keys(database: Database) -> None:
    first, second = WrappedKey(b"1" * 16, "m1", b"w1"), WrappedKey(b"2" * 16, "m1", b"w2")
    assert await database.write(add_study_key, "1.2.1", first) == first
    assert await database.write(add_study_key, "1.2.1", second) == first, "the first one stays"
    assert await database.read(study_key, "1.2.1") == first
    assert await database.read(study_key, "1.2.2") is None
    assert await database.read(key_by_id, first.key_id) == first
    assert await database.read(key_by_id, second.key_id) is None
    assert await database.read(living_key_ids) == frozenset({first.key_id})
    assert await database.write(delete_study_key, "1.2.1")
    assert not await database.write(delete_study_key, "1.2.1")
    assert await database.read(living_key_ids) == frozenset()


async def test_every_key_is_wrapped_anew_once(database: Database) -> None:
    for n in range(7):
        await database.write(add_study_key, f"1.2.{n}", WrappedKey(bytes([n]) * 16, "m1" if n else "m2", b"old"))

    def rewrap(key: WrappedKey) -> WrappedKey:
        return WrappedKey(key.key_id, "m2", b"new" + key.key_id)

    assert await rewrap_all_keys(database, "m2", rewrap) == 6
    assert await rewrap_all_keys(database, "m2", rewrap) == 0
    assert await database.read(study_key, "1.2.3") == WrappedKey(b"\3" * 16, "m2", b"new" + b"\3" * 16)
    untouched = await database.read(study_key, "1.2.0")
    assert untouched is not None
    assert untouched.wrapped == b"old"


async def test_settings(database: Database) -> None:
    await database.write(put_setting, "a", "1")
    await database.write(put_setting, "a", "2")
    assert await database.read(get_setting, "a") == "2"
    assert await database.read(get_setting, "b") is None
