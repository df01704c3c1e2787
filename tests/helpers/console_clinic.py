"""The archive of the browser tests: a few studies, one of them hostile, one of them hidden."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import order, token
from helpers.stow import STOW, form
from helpers.web_client import web
from leadglass.app.phantom import PhantomStudy, ct_series, mr_series, multi_frame

__all__ = ["EVIL", "HIDDEN", "MANY", "PLAIN", "Clinic", "run_clinic"]

PLAIN = PhantomStudy(study_description="CT chest", accession_number="PLAIN-1")
MANY = PhantomStudy(
    patient_id="LG-0003", patient_name="Moving^Picture", accession_number="MANY-1", study_date="20260301"
)
HIDDEN = PhantomStudy(patient_id="LG-HIDDEN", patient_name="Secret^Sally", accession_number="HIDDEN-1")
EVIL = PhantomStudy(
    patient_id="""EVIL"><img src=x onerror=alert('id')>""",
    patient_name="""Evil"><script>alert('name')</script>^'onmouseover='alert(1)""",
    study_description="""</title><svg onload=alert('study')>{{ 7 * 7 }}{% raw %}""",
    accession_number="""'"><b onclick=1>""",
    institution_name="""<a href="javascript:alert('place')">Hospital</a>""",
    referring_physician_name="""Doctor"><iframe srcdoc="<script>alert(1)</script>">^x""",
    study_date="20251212",
)
SEEN = (PLAIN, MANY, EVIL)
CROWD = [
    PhantomStudy(
        f"CROWD-{number}",
        f"Crowd^{number:03}",
        accession_number=f"CROWD-{number}",
        study_date="20240101",
        institution_name="Crowded House",
    )
    for number in range(60)
]


@dataclass(frozen=True, slots=True)
class Clinic:
    """A running archive, and links to its console."""

    server: ArchiveServer

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server.https}"

    def link(self, username: str, role: str = "clinician") -> str:
        """A one-time link for a new account."""
        return str(order(self.server, "user invite", name=username, roles=[role])["url"])

    def let_see_crowd(self, username: str) -> None:
        """CROWD, whose institution no other has."""
        order(
            self.server,
            "grant add",
            to=f"user:{username}",
            allow=["query", "view"],
            studies="institution:Crowded House",
            why="test",
        )

    def let_see(self, username: str) -> None:
        """PLAIN, MANY and EVIL."""
        for study in SEEN:
            studies = f"study:{study.study_instance_uid}"
            order(self.server, "grant add", to=f"user:{username}", allow=["query", "view"], studies=studies, why="test")


@contextlib.contextmanager
def run_clinic(home: Path) -> Iterator[Clinic]:
    """Runs until the block ends."""
    with run_archive(home) as server:
        files = [
            *ct_series(PLAIN, slices=24, size=64),
            *mr_series(PLAIN, slices=3, size=64, number=2),
            multi_frame(MANY, frames=10, size=64),
            *ct_series(EVIL, slices=2, size=64),
            *ct_series(HIDDEN, slices=2, size=64),
            *(file for study in CROWD for file in ct_series(study, slices=1, size=16)),
        ]
        with web(server, token=token(server)) as sender:
            answer = sender.post("/dicom-web/studies", content=form(files), headers=STOW)
            assert answer.status_code == 200, answer.text
        order(server, "device add", name="scanner", ae_title="SCANNER", networks=["127.0.0.0/8"], allow=["store"])
        yield Clinic(server)
