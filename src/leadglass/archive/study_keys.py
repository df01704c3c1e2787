"""Study keys in the open, for as long as they are in use: made durable before the first object needs them."""

from __future__ import annotations

from collections import OrderedDict

from leadglass.store.index.database import Database
from leadglass.store.index.retrieval import StoredObject
from leadglass.store.index.study_keys import add_study_key, study_key
from leadglass.store.keys import KeyRing, StudyKey, WrappedKey
from leadglass.terms.errors import IntegrityFault

__all__ = ["StudyKeys"]

_KEPT = 4096  # keys in memory; an opened key costs about 300 bytes


class StudyKeys:
    """Opens and makes the key of a study. Call `forget` when a study is deleted."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._database = database
        self._ring = ring
        self._open: OrderedDict[str, StudyKey] = OrderedDict()

    async def for_storing(self, study_instance_uid: str) -> StudyKey:
        """The key of the study; a new one, already durable, if it has none. StorageFault if it cannot be kept."""
        if (key := self._remembered(study_instance_uid)) is not None:
            return key
        wrapped = await self._database.read(study_key, study_instance_uid)
        if wrapped is None:
            new = self._ring.wrap(StudyKey.generate())
            wrapped = await self._database.write(add_study_key, study_instance_uid, new)
        return self._remember(study_instance_uid, wrapped)

    def opened(self, study_instance_uid: str, wrapped: WrappedKey) -> StudyKey:
        """The key in a row read from the index."""
        return self._remembered(study_instance_uid, wrapped.key_id) or self._remember(study_instance_uid, wrapped)

    def of_object(self, stored: StoredObject) -> StudyKey:
        """The key of an object read from the index. IntegrityFault if the study's key was destroyed."""
        if stored.key is None:
            raise IntegrityFault(f"the key {stored.location.key_id.hex()} was destroyed: its objects are gone for good")
        return self.opened(stored.study_instance_uid, stored.key)

    def forget(self, study_instance_uid: str) -> None:
        """The study is gone: so is its key."""
        self._open.pop(study_instance_uid, None)

    def _remembered(self, study_instance_uid: str, key_id: bytes | None = None) -> StudyKey | None:
        key = self._open.get(study_instance_uid)
        if key is None or (key_id is not None and key.key_id != key_id):
            return None
        self._open.move_to_end(study_instance_uid)
        return key

    def _remember(self, study_instance_uid: str, wrapped: WrappedKey) -> StudyKey:
        key = self._ring.unwrap(wrapped)
        self._open[study_instance_uid] = key
        if len(self._open) > _KEPT:
            self._open.popitem(last=False)
        return key
