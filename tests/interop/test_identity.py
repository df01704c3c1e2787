"""User identity negotiation (PS3.7 §D.3.3.7) against the running server: DCMTK's flags where it has them, else ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from helpers.dcmtk import ToolResult, run_dcmtk
from helpers.marked import MarkedStudy
from helpers.marked_archive import PASSCODE, WORKSTATION, MarkedArchive, marked_archive, store
from helpers.oidc_issuer import OidcIssuer
from helpers.ports import free_port
from helpers.samples import part10
from helpers.telling import tell
from helpers.visiting import SERVICES, Visitor, ask, visit
from leadglass.dicom import uids
from leadglass.dicom.upperlayer import RoleSelection
from leadglass.terms.evidence import UserIdentity

pytestmark = pytest.mark.interop

GRANTED = MarkedStudy("granted to whoever signs in")
ADDED = MarkedStudy("added by a person", size=1)


@dataclass(frozen=True, slots=True)
class Ward:
    """An archive whose people sign in with a passcode, a token of ours, or a token of the issuer."""

    archive: MarkedArchive
    issuer: OidcIssuer
    folder: Path

    async def storescu(self, *identity: object, tls: bool = True) -> ToolResult:
        """Sends the one image of ADDED with DCMTK; without a client certificate."""
        image = self.folder / "added.dcm"
        image.write_bytes(part10(ADDED.images[0].data_set()))
        server = self.archive.server
        secured = ("+tla", "+cf", server.home / "ca" / "ca.pem") if tls else ()
        port = server.dicom_tls if tls else server.dicom
        return await run_dcmtk("storescu", "-v", *secured, *identity, "-aet", "PERSON", "127.0.0.1", port, image)


@asynccontextmanager
async def ward(folder: Path) -> AsyncIterator[Ward]:
    issuer = OidcIssuer(free_port())
    issuer.start()
    configuration = f'[oidc]\nissuer = "{issuer.issuer}"\naudience = "leadglass"\n'
    try:
        async with marked_archive(folder / "home", GRANTED, configuration=configuration) as archive:
            yield Ward(archive, issuer, folder)
    finally:
        issuer.stop()


def _jwt(text: str) -> Visitor:
    return Visitor("PERSON", tls=True, identity=UserIdentity(5, text.encode(), b""))


async def _fetched(here: Ward, visitor: Visitor) -> str:
    """What the visitor is told when it asks for GRANTED."""
    roles = [RoleSelection(uids.CT_IMAGE_STORAGE, scu=False, scp=True)]
    abstract_syntax, taken = SERVICES["C-GET"]
    async with visit(here.archive.server, visitor, abstract_syntax, *taken, roles=roles) as visiting:
        return await ask(visiting, "C-GET", GRANTED, GRANTED, here.archive.destination, WORKSTATION)


async def test_people_sign_in(tmp_path: Path) -> None:
    async with ward(tmp_path) as here:
        await _tokens_of_the_issuer(here)
        await _tokens_of_ours(here)
        await _passcodes(here)
        await _with_dcmtk(here)


async def _tokens_of_the_issuer(here: Ward) -> None:
    """Who signs in with the issuer has a name: grants are given to it, to its role, or to a group of the token."""
    viewer = _jwt(here.issuer.token())
    assert await _fetched(here, viewer) == "0 sent, 0000"
    given = await here.archive.grant(f"oidc:{here.issuer.issuer}#viewer", "view", study=GRANTED)
    assert await _fetched(here, viewer) == "2 sent, 0000"
    await tell(here.archive.server, "grant revoke", grant_id=given)
    assert await _fetched(here, viewer) == "0 sent, 0000"
    given = await here.archive.grant("group:radiology", "view", study=GRANTED)
    assert await _fetched(here, viewer) == "2 sent, 0000"
    await tell(here.archive.server, "grant revoke", grant_id=given)
    assert await _fetched(here, _jwt(here.issuer.token(audience="another service"))) == "RJ 1/1/3"
    header, body, signature = here.issuer.token().split(".")
    assert await _fetched(here, _jwt(f"{header}.{body}.{signature[::-1]}")) == "RJ 1/1/3"
    assert await _fetched(here, _jwt("")) == "RJ 1/1/3"
    assert await _fetched(here, replace(viewer, tls=False)) == "RJ 1/1/3"  # no secrets on the plain port


async def _tokens_of_ours(here: Ward) -> None:
    token = await here.archive.token("a-token", studies=f"study:{GRANTED.study_instance_uid}")
    assert await _fetched(here, token) == "2 sent, 0000"
    assert await _fetched(here, replace(token, tls=False)) == "RJ 1/1/3"
    await tell(here.archive.server, "token revoke", name="a-token")
    assert await _fetched(here, token) == "RJ 1/1/3"


async def _passcodes(here: Ward) -> None:
    server = here.archive.server
    person = await here.archive.person("person")
    await here.archive.grant("user:person", "view", "store")
    assert await _fetched(here, person) == "2 sent, 0000"
    assert await _fetched(here, replace(person, tls=False)) == "RJ 1/1/3"
    assert person.identity is not None
    # the answer to a request for a positive response is an empty one; without the request there is none
    for wanted, response in ((True, b""), (False, None)):
        asking = replace(person, identity=replace(person.identity, response_requested=wanted))
        async with visit(server, asking, uids.VERIFICATION) as visiting:
            assert visiting.association is not None
            assert visiting.association.associate_ac.user_information.identity_response == response
    # a claim that cannot be checked is not passed over, not even beside a certificate that holds (PS3.15 §B.4)
    device = await here.archive.device("modality", allow="store")
    for kind in (1, 3, 4, 6, 0):
        for known in (Visitor("PERSON", tls=True), device):
            claim = replace(known, identity=UserIdentity(kind, b"person", PASSCODE.encode(), True))
            assert await _fetched(here, claim) == "RJ 1/1/3", kind
    # a device with a person: both must hold
    both = replace(device, identity=person.identity)
    async with visit(server, both, uids.CT_IMAGE_STORAGE) as visiting:
        assert visiting.refusal == ""
        assert await store(visiting, MarkedStudy("by both", size=1).images[0]) == 0
    wrong = replace(device, identity=replace(person.identity, secondary=b"another passcode"))
    assert await _fetched(here, wrong) == "RJ 1/1/3"


async def _with_dcmtk(here: Ward) -> None:
    """storescu of DCMTK, with its own TLS and its own user identity items."""
    user = ("--user", "person", "--password", PASSCODE)
    sent = await here.storescu(*user, "--pos-response")
    assert sent.exit_code == 0, sent.output
    assert "Success" in sent.output
    token_file = here.folder / "token"
    token_file.write_text(here.issuer.token())
    refused = [
        await here.storescu(),
        await here.storescu("--user", "person"),
        await here.storescu("--user", "person", "--password", "another passcode"),
        await here.storescu(*user, tls=False),
        await here.storescu("--kerberos", token_file),
        await here.storescu("--saml", token_file),
    ]
    for one in refused:
        assert one.exit_code != 0, one.output
        assert "Calling AE Title Not Recognized" in one.output
    let_in = await here.storescu("--jwt", token_file)
    assert "Association Accepted" in let_in.output
    assert "0x124" in let_in.output, let_in.output  # and no grant to store: not authorised
    assert PASSCODE not in (here.archive.server.home.parent / "home.log").read_text()
