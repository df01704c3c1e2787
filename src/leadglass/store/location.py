"""Where a stored object lies: what the index keeps about each instance so that it can be read back."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Location"]


@dataclass(frozen=True, slots=True)
class Location:
    """One record of one volume. It holds no patient data and no secret; with the study key it opens one object."""

    volume: int
    offset: int  # of the record's header within the volume
    length: int  # of the whole record, header and trailer included
    object_id: bytes  # 16 random bytes, bound to the ciphertext as associated data
    key_id: bytes  # 16 random bytes naming the study key
    plaintext_length: int  # of the Part-10 file
    dataset_offset: int  # where the data set begins within the Part-10 file

    @property
    def end(self) -> int:
        """The first byte of the volume behind this record: `records_since(volume, end)` starts with the next one."""
        return self.offset + self.length
