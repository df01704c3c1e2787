"""The messages as values: what every one of them promises."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import get_args

import pytest

from leadglass.dicom.dimse import messages
from leadglass.dicom.dimse.messages import CEchoRq, Message, Request, Response


def test_requests_are_answered_and_responses_answer() -> None:
    assert len(get_args(Message)) == 23
    assert all("message_id" in {f.name for f in fields(kind)} for kind in get_args(Request))
    for kind in get_args(Response):
        assert {"message_id_being_responded_to", "status"} <= {f.name for f in fields(kind)}


@pytest.mark.parametrize("request_type", get_args(Request))
def test_every_request_has_its_response(request_type: type[Request]) -> None:
    assert hasattr(messages, request_type.__name__[:-2] + "Rsp")


def test_a_message_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        CEchoRq(message_id=1).message_id = 2  # type: ignore[misc]
