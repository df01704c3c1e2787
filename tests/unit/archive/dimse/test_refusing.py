"""Errors as statuses, and what a peer may read about them."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.playbook import Playbook, context
from leadglass.archive.dimse.refusing import answer_unsupported, comment_on
from leadglass.archive.telling import status_for
from leadglass.dicom.dimse import messages
from leadglass.terms.errors import (
    CeilingReached,
    IntegrityFault,
    LeadglassError,
    LedgerFault,
    OutOfSpace,
    PeerAnswer,
    PeerViolation,
    StorageFault,
)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (StorageFault("disk 7"), 0xA700),
        (OutOfSpace("disk 7"), 0xA700),
        (IntegrityFault("disk 7"), 0xA700),
        (LedgerFault("disk 7"), 0xA700),
        (PeerViolation("x", answer=PeerAnswer(status=0xA900)), 0xA900),
        (PeerViolation("x", answer=PeerAnswer(abort_reason=2)), 0xC000),
        (CeilingReached("MAX", 1, 2, answer=PeerAnswer(status=0xA700)), 0xA700),
        (LeadglassError("x"), 0xC000),
    ],
)
def test_the_status_and_the_comment(fault: LeadglassError, status: int) -> None:
    assert status_for(fault, 0xC000) == status
    assert "disk 7" not in comment_on(fault)
    assert 0 < len(comment_on(fault)) <= 64


@pytest.mark.parametrize(
    ("what", "comment"),
    [
        ("x" * 200, "x" * 64),
        ("word " * 20, "word word word word word word word word word word word word"),
        ("short", "short"),
        ("Müller §", "M?ller ?"),
    ],
)
def test_a_comment_is_short_plain_text_and_ends_with_a_word(what: str, comment: str) -> None:
    assert comment_on(PeerViolation(what, answer=PeerAnswer(status=1), clause="PS3.4 §B.2.3")) == comment


@pytest.mark.parametrize("service", ["NGet", "NSet", "NCreate", "NDelete", "NEventReport"])
async def test_services_we_do_not_provide(service: str) -> None:
    kind: Any = getattr(messages, f"{service}Rq")
    fields = {name: "1.2" for name in kind.__dataclass_fields__ if name.endswith("_uid")}
    fields |= {name: 1 for name in ("event_type_id",) if name in kind.__dataclass_fields__}
    played = Playbook()
    await answer_unsupported(played, context("1.2"), kind(message_id=4, **fields))
    assert played.responses() == [f"{service}Rsp 0211"]
    assert played.final.message_id_being_responded_to == 4


async def test_a_request_without_a_right_answer_aborts() -> None:
    played = Playbook()
    command = messages.CFindRq(message_id=1, affected_sop_class_uid="1.2")
    await answer_unsupported(played, context("1.2"), command)
    assert played.aborted
    assert played.sent == []
