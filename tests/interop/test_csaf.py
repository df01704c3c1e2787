"""Our CSAF document in the hands of the validator that others use."""

from __future__ import annotations

import pytest

from helpers.csaf_validator import faults_of
from helpers.report_world import model
from leadglass.report.exchange.csaf import csaf

pytestmark = pytest.mark.interop


def test_the_document_is_valid() -> None:
    (document,) = csaf(model()).values()
    assert faults_of(document) == []
    assert faults_of(document.replace(b"known_affected", b"known_afflicted")) != []
