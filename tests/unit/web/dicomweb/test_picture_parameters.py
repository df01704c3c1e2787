"""How pictures are asked for: what the standard writes, and a refusal by name for everything else."""

from __future__ import annotations

import pytest

from leadglass.dicom.drawing import Drawing, Window
from leadglass.terms.errors import PeerViolation
from leadglass.web.dicomweb.picture_parameters import read_drawing


@pytest.mark.parametrize(
    ("query", "drawing"),
    [
        ({}, Drawing()),
        ({"window": "40,400"}, Drawing(window=Window(40, 400))),
        ({"window": "-40.5,1e2,SIGMOID"}, Drawing(window=Window(-40.5, 100, "sigmoid"))),
        ({"window": "0,0.5,linear-exact"}, Drawing(window=Window(0, 0.5, "linear-exact"))),
        ({"viewport": "64,32"}, Drawing(viewport=(64, 32))),
        ({"viewport": "64,32,1,2,3,4"}, Drawing(viewport=(64, 32), region=(1, 2, 3, 4))),
        ({"viewport": "64,32,,,3,4"}, Drawing(viewport=(64, 32), region=(0, 0, 3, 4))),
        ({"quality": "1", "annotation": "patient", "iccprofile": "yes"}, Drawing(quality=1)),
    ],
)
def test_what_is_asked_for(query: dict[str, str], drawing: Drawing) -> None:
    assert read_drawing(query, "image/jpeg") == drawing


@pytest.mark.parametrize(
    "query",
    [
        *({"window": text} for text in ("", "1", "1,2,3,4", "a,1", "1,b", "nan,1", "1,inf", "1,0", "1,0.5", "1,-1",
                                        "1,2,cubic", "1_0,2", "٣,1", "1" * 70 + ",1")),
        *({"viewport": text} for text in ("", "1", "1,2,3", "0,1", "-1,1", "8193,1", "1.5,1", "1,2,3,4,0,1",
                                          "1,2,-3,4,5,6", "1,2,3,4,5,6,7")),
        *({"quality": text} for text in ("", "0", "101", "x", "1.5")),
    ],
    ids=str,
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_its_name(query: dict[str, str]) -> None:
    [name] = query
    with pytest.raises(PeerViolation, match=name):
        read_drawing(query, "image/jpeg")
