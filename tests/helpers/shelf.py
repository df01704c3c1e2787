"""The samples that an archive can hold: what is there to be stored, and what must then be found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.porter import Encoded, carry
from helpers.samples import all_samples
from leadglass.dicom.header import NeedMore, read_header
from leadglass.dicom.instance_header import InstanceHeader, index_attributes
from leadglass.dicom.uids import is_storage_sop_class
from leadglass.terms.errors import PeerViolation

__all__ = ["Shelf", "Storable", "storable"]


@dataclass(frozen=True, slots=True)
class Storable:
    """One sample file that holds a composite instance of a storage class."""

    name: str
    encoded: Encoded
    header: InstanceHeader


def storable() -> Iterator[Storable]:
    """In the order of the samples; a SOP Instance UID may come again, in another encoding."""
    for one in all_samples():
        syntax, data_set = one.transfer_syntax(), one.data_set_bytes()
        try:
            found = read_header(data_set, syntax, complete=True)
            assert not isinstance(found, NeedMore)
            header = index_attributes(found, syntax)
        except PeerViolation:
            continue  # lacks what every composite instance has
        if is_storage_sop_class(header.sop_class_uid):
            encoded = Encoded(header.sop_class_uid, header.sop_instance_uid, syntax, data_set)
            yield Storable(one.name, encoded, header)


class Shelf:
    """The first of each SOP Instance UID, and by study what the archive must then hold."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[Encoded, InstanceHeader]] = {}
        self.studies: dict[str, set[str]] = defaultdict(set)
        for one in storable():
            if one.header.sop_instance_uid not in self.kept:
                self.kept[one.header.sop_instance_uid] = one.encoded, one.header
                self.studies[one.header.study_instance_uid].add(one.header.sop_instance_uid)

    async def carried_to(self, port: int, ae_title: str) -> None:
        """Stores all that is kept, over one door; each must be taken."""
        answers = await carry(port, ae_title, [encoded for encoded, _ in self.kept.values()])
        assert {answer.status for answer in answers} == {0}
