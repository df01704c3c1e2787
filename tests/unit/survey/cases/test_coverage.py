from __future__ import annotations

import pytest

from leadglass.survey.cases.coverage import was_looked_at
from leadglass.survey.level import Level


@pytest.mark.parametrize(
    ("only", "looked"),
    [
        ((), True),
        (("192.0.2.7",), True),
        (("192.0.2.0/24",), True),
        (("192.0.2.7:104", "192.0.2.7:8042"), True),
        (("192.0.2.7:104",), False),
        (("192.0.2.8", "198.51.100.0/24", "pacs.example.org"), False),
    ],
)
def test_a_run_that_was_narrowed_says_nothing_of_the_rest(only: tuple[str, ...], looked: bool) -> None:
    assert was_looked_at("192.0.2.7", (104, 8042), only=only, level_at=lambda address, port: Level.ACCESS) is looked


@pytest.mark.parametrize("level", Level)
def test_a_run_that_did_not_ask_says_nothing(level: Level) -> None:
    looked = was_looked_at("192.0.2.7", (104,), only=(), level_at=lambda address, port: level)
    assert looked is (level >= Level.ACCESS)


def test_a_port_outside_the_scope_was_not_looked_at() -> None:
    granted = {104: Level.COUNTS}
    looked = was_looked_at(
        "192.0.2.7", (104, 8042), only=(), level_at=lambda address, port: granted.get(port, Level.IMPORTS)
    )
    assert not looked


def test_with_a_port_in_brackets() -> None:
    assert was_looked_at(
        "2001:db8::7", (104,), only=("[2001:db8::7]:104",), level_at=lambda address, port: Level.ACCESS
    )
