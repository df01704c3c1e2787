"""leadglass.toml: every option is documented, and whatever is wrong is named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from leadglass.app.configuration import Configuration, load_configuration
from leadglass.app.documenting import commented_defaults
from leadglass.terms.errors import UserFault


def load(tmp_path: Path, text: str) -> Configuration:
    file = tmp_path / "leadglass.toml"
    file.write_text(text)
    return load_configuration(file)


def uncommented() -> str:
    """The printed file with every option switched on."""
    lines = commented_defaults().splitlines()
    options = {
        option.encode_name
        for section in msgspec.structs.fields(Configuration)
        for option in msgspec.structs.fields(section.type)
    }
    return "\n".join(
        line.removeprefix("# ") if line.removeprefix("# ").partition(" = ")[0] in options else line for line in lines
    )


def test_the_printed_file_is_all_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, commented_defaults()) == Configuration()
    assert uncommented() != commented_defaults()
    assert load(tmp_path, uncommented()) == Configuration()


def test_every_option_is_printed_with_its_meaning() -> None:
    lines = commented_defaults().splitlines()
    for section in msgspec.structs.fields(Configuration):
        assert f"[{section.encode_name}]" in lines
        for option in msgspec.structs.fields(section.type):
            [number] = [n for n, line in enumerate(lines) if line.startswith(f"# {option.encode_name} = ")]
            meaning = lines[number - 1]
            assert meaning.startswith("# "), option.encode_name
            assert len(meaning) > 15, option.encode_name


def test_no_file_is_all_defaults(tmp_path: Path) -> None:
    assert load_configuration(None) == load_configuration(tmp_path / "none.toml") == Configuration()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[doors]\ndicomm = '127.0.0.1:1'", "dicomm"),
        ("[door]\n", "door"),
        ("[doors]\ndicom = 11112", "doors.dicom"),
        ("[limits]\nconnections = 'many'", "limits.connections"),
        ("[doors]\nae-title = 'SEVENTEEN-LETTERS'", "doors.ae-title"),
        ("[doors]\nae-title = ''", "doors.ae-title"),
        ("[tls]\nprofile = 'B.11'", "tls.profile"),
        ("[tls]\ncertificate = 'a.pem'", "tls.certificate and tls.private-key"),
        ("[oidc]\nissuer = 'https://id.example'\nroles = { doctors = 'surgeon' }", "surgeon"),
        ("[doors]\ndicom-tls = 'everywhere'", "doors.dicom-tls"),
        ("[limits]\nstop-seconds = 0", "limits.stop-seconds"),
        ("[doors]\nhttps = '8443'", "doors.https"),
        ("[web]\npublic-url = 'http://archive.example'", "web.public-url"),
        ("[web]\npublic-url = 'https://archive.example/pacs'", "web.public-url"),
        ("[web]\ncors-origins = ['*']", "web.cors-origins"),
        ("[web]\ncors-origins = ['https://a.example', 'https://b.example X: y']", "web.cors-origins"),
        ("[web]\nsession-hours = 0", "web.session-hours"),
        ("this is no TOML", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(UserFault) as fault:
        load(tmp_path, text)
    assert named in str(fault.value)
    assert fault.value.advice


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "leadglass.toml").mkdir()
    with pytest.raises(UserFault, match="cannot be read"):
        load_configuration(tmp_path / "leadglass.toml")


def test_a_page_on_this_machine_may_be_let_in_without_tls(tmp_path: Path) -> None:
    text = "[web]\ncors-origins = ['http://localhost:3000', 'http://127.0.0.1']"
    assert load(tmp_path, text).web.cors_origins == ["http://localhost:3000", "http://127.0.0.1"]
    for elsewhere in ("http://viewer.example", "http://localhost.example", "http://127.0.0.1.example:3000"):
        with pytest.raises(UserFault, match="cors-origins"):
            load(tmp_path, f"[web]\ncors-origins = ['{elsewhere}']")


def test_origins_may_have_ports_and_be_addresses(tmp_path: Path) -> None:
    text = "[web]\npublic-url = 'https://[2001:db8::1]:8443/'\ncors-origins = ['https://viewer.example:3000']"
    assert load(tmp_path, text).web.cors_origins == ["https://viewer.example:3000"]


def test_what_is_set_is_taken(tmp_path: Path) -> None:
    taken = load(tmp_path, "[doors]\nae-title = 'CITY'\ncheck-called-ae-title = true\n[limits]\nconnections = 7\n")
    assert (taken.doors.ae_title, taken.doors.check_called_ae_title, taken.limits.connections) == ("CITY", True, 7)
    assert taken.tls == Configuration().tls
