from __future__ import annotations

import pytest

from leadglass.survey.cases.security_txt import contacts_in, security_txt_talk
from leadglass.survey.probe import Caller

CALLER = Caller(
    calling_ae_title="LEADGLASS", user_agent="Leadglass/1 (+mailto:us@example.org)", contact="us@example.org"
)
FILE = b"# hello\r\nContact: mailto:security@example.org\r\nExpires: 2027-01-01T00:00:00Z\r\n"


def test_it_asks_by_name_and_says_who_asks() -> None:
    asked = security_txt_talk("https://pacs.example.org", CALLER).begin().decode()
    assert asked.startswith("GET /.well-known/security.txt HTTP/1.1\r\n")
    assert "Host: pacs.example.org\r\n" in asked
    assert "User-Agent: Leadglass/1 (+mailto:us@example.org)\r\n" in asked


@pytest.mark.parametrize(
    ("status", "contacts"), [("200 OK", "Contact: mailto:security@example.org"), ("404 Not Found", "")]
)
def test_contacts_are_all_that_is_kept(status: str, contacts: str) -> None:
    talk = security_txt_talk("http://192.0.2.7", CALLER)
    talk.begin()
    talk.receive(f"HTTP/1.1 {status}\r\nContent-Length: {len(FILE)}\r\n\r\n".encode() + FILE)
    assert contacts_in(talk).strip() == contacts
