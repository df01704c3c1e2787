"""What `leadglass run` says about the web door: commands for curl, with a token made for them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

from leadglass.app.cli.speaking import out
from leadglass.app.house import House
from leadglass.app.serving import Serving
from leadglass.app.verbs import perform
from leadglass.gate.enrolment.files import write_private

__all__ = ["offer_web"]

_TOKEN: Final = "demo-web"  # noqa: S105 - its name
_HEADER: Final = "authorization"
"""File with the header that carries the token: so it never stands in a command line, which every process may read."""


async def offer_web(house: House, serving: Serving, folder: Path, study_instance_uid: str) -> None:
    """Makes the token at the first start, and prints what to try. Does nothing while the web door is closed."""
    url = serving.public_url
    if not url:
        return
    header = folder / _HEADER
    if not header.exists():
        write_private(header, f"Authorization: Bearer {await _make_token(house)}\n".encode())
    _print_commands(url, folder, study_instance_uid)


async def _make_token(house: House) -> str:
    made = await perform(
        house,
        "token create",
        {
            "name": _TOKEN,
            "role": "service",
            "expires": "30d",
            "studies": "everything",
            "allow": ["query", "view", "store"],
        },
        _quietly,
    )
    assert isinstance(made, dict)
    return str(made["token"])


def _quietly(done: int, total: int) -> None:
    """Making a token takes no time worth a bar."""


def _print_commands(url: str, folder: Path, study_instance_uid: str) -> None:
    curl = f"curl --cacert ca.pem -H @{_HEADER}"
    study = f"{url}/dicom-web/studies/{study_instance_uid}"
    for heading, command in (
        (
            "The same over the web (DICOMweb; the token in the file 'authorization' is good for 30 days):",
            f"cd {shlex.quote(str(folder))}",
        ),
        ("A stranger is told nothing:", f"curl -i --cacert ca.pem {url}/dicom-web/studies"),
        ("Which studies are there?", f"{curl} '{url}/dicom-web/studies?includefield=StudyDescription'"),
        ("What is known about one?", f"{curl} {study}/metadata -o metadata.json"),
        ("Fetch it:", f"{curl} {study} -o study.multipart"),
        ("Look at it:", f"{curl} {study}/thumbnail -o thumbnail.jpg"),
        (
            "With the demo device's certificate instead:",
            f"curl --cacert ca.pem --cert cert.pem --key key.pem {url}/dicom-web/studies",
        ),
        ("What else can it do?", f"{curl} {url}/dicom-web/openapi.json"),
    ):
        out.print(f"\n[bold]{heading}[/]")
        out.print(f"  {command}", markup=False)
