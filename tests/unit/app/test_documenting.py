"""The commented configuration is drawn from the declarations: see also `test_configuration`."""

from __future__ import annotations

import tomllib

from leadglass.app.documenting import commented_defaults


def test_it_is_toml_with_every_section_and_nothing_switched_on() -> None:
    parsed = tomllib.loads(commented_defaults())
    assert parsed == {"doors": {}, "tls": {}, "web": {}, "index": {}, "oidc": {}, "limits": {}}
    assert max(map(len, commented_defaults().splitlines())) <= 120
