"""One instance's header out of the journal and through the process that reads it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from leadglass.archive.metadata.parts import Member
from leadglass.archive.metadata.renderer import HeaderUnreadable, Question, Renderer
from leadglass.archive.metadata.wire import Outcome, Verb
from leadglass.dicom.attribute_json import attribute_json
from leadglass.store.index.series_metadata import SeriesName, StoredInstance
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.store.port import ObjectJournal
from leadglass.terms.ceilings import KIB, MAX_HEADER_RENDERED, MIB

__all__ = ["ask_about", "render_instance"]

_FIRST_LOOK: Final = 64 * KIB
"""Bytes given first: nearly every header ends within them."""
_SECOND_LOOK: Final = 1 * MIB
"""One segment of the journal, which was decrypted for the first look already."""
_TRIES: Final = 2
"""The process may have been ended by something else than the object."""
_WHOLE: Final = 4 * MIB
"""Objects up to this size are given whole if something may stand behind their pixels."""


async def render_instance(
    journal: ObjectJournal, renderer: Renderer, key: StudyKey, name: SeriesName, instance: StoredInstance
) -> Member:
    """The instance's metadata. IntegrityFault or StorageFault if the object cannot be read, or nobody can read it now.

    An object that the process cannot make anything of, twice, has the attributes that the index knows, and no others.
    """
    path = (name.study_instance_uid, name.series_instance_uid, instance.sop_instance_uid)
    study, series, uid = (quote(one, safe="") for one in path)
    prefix = f"/studies/{study}/series/{series}/instances/{uid}/bulkdata/"
    written = _from_the_index(name, instance)
    for _ in range(_TRIES):
        with contextlib.suppress(HeaderUnreadable):
            place, syntax = instance.location, instance.transfer_syntax_uid
            written = await ask_about(journal, renderer, key, Verb.RENDER, place, syntax, prefix)
            break
    return Member(instance.sop_instance_uid, instance.instance_number, written)


async def ask_about(
    journal: ObjectJournal,
    renderer: Renderer,
    key: StudyKey,
    verb: Verb,
    location: Location,
    transfer_syntax: str,
    argument: str,
) -> bytes:
    """The process's answer about an object: given the beginning of it first, and more only if that does not do.

    HeaderUnreadable, IntegrityFault or StorageFault if there is none.
    """
    length = location.plaintext_length - location.dataset_offset
    most = min(length, MAX_HEADER_RENDERED)
    start = await _beginning(journal, location, key, min(length, _SECOND_LOOK))
    given = min(length, _FIRST_LOOK)
    while True:
        if given > len(start):
            start = await _beginning(journal, location, key, given)
        data = memoryview(start)[:given]
        question = Question(verb, transfer_syntax, data, length, argument, has_more=given < most)
        outcome, answer = await renderer.ask(question)
        if outcome is Outcome.SO_FAR and given < length <= _WHOLE:
            given = length
        elif outcome is Outcome.MORE and given < most:
            given = min(most, _SECOND_LOOK if given < _SECOND_LOOK else most)
        elif outcome is Outcome.MORE:
            raise HeaderUnreadable("the process wants more than there is")
        else:
            return answer


async def _beginning(journal: ObjectJournal, location: Location, key: StudyKey, length: int) -> bytes:
    pieces: AsyncIterator[memoryview] = journal.read(location, key, location.dataset_offset, length)
    return b"".join([bytes(piece) async for piece in pieces])


def _from_the_index(name: SeriesName, instance: StoredInstance) -> bytes:
    known = {
        "SOPClassUID": instance.sop_class_uid,
        "SOPInstanceUID": instance.sop_instance_uid,
        "StudyInstanceUID": name.study_instance_uid,
        "SeriesInstanceUID": name.series_instance_uid,
        "InstanceNumber": instance.instance_number,
    }
    return ("{" + ",".join(attribute_json(keyword, text) for keyword, text in known.items()) + "}").encode()
