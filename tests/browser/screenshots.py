"""Pictures of every page and of the survey's report, wide and narrow, light and dark: to be looked at.
`make screenshots` puts them into bench/scratch/screenshots; those that README shows are kept in docs/images.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from helpers.archive_server import LEADGLASS, ArchiveServer
from helpers.browser import browsing, new_context, welcomed
from helpers.clinic import order
from helpers.ports import free_port, wait_for_port
from helpers.report_world import model
from leadglass.app.demo import CT_STUDY
from leadglass.report.writing import written

WIDE, NARROW = (1440, 900), (390, 844)


@contextmanager
def _running(home: Path) -> Iterator[ArchiveServer]:
    """`leadglass run`, with its samples."""
    dicom, dicom_tls, https = free_port(), free_port(), free_port()
    doors = [
        f"--{name}=127.0.0.1:{port}" for name, port in (("dicom", dicom), ("dicom-tls", dicom_tls), ("https", https))
    ]
    with (home.parent / "log").open("wb") as log:
        process = subprocess.Popen([*LEADGLASS, "run", "--home", str(home), *doors], stdout=log, stderr=log)
    try:
        wait_for_port(https, process)
        _wait_for(home / "samples-loaded")
        yield ArchiveServer(home, process, dicom, dicom_tls, https)
    finally:
        process.terminate()
        process.wait()


def _wait_for(file: Path) -> None:
    for _ in range(300):
        if file.exists():
            return
        subprocess.run(["sleep", "0.2"], check=True)
    raise TimeoutError(f"{file.name} did not appear")


@dataclass
class Shots:
    """Takes the same page in each shape."""

    browser: Browser
    url: str
    folder: Path

    def take(
        self, name: str, cookies: list[dict[str, object]], visit: Callable[[Page], None], *, whole: bool = False
    ) -> None:
        for shape, (width, height), dark in (
            ("wide", WIDE, False),
            ("wide-dark", WIDE, True),
            ("narrow", NARROW, False),
        ):
            with new_context(self.browser, self.url, width=width, height=height, dark=dark) as context:
                context.add_cookies(cookies)  # type: ignore[arg-type]
                page = context.new_page()
                visit(page)
                page.wait_for_load_state("networkidle")
                page.screenshot(path=self.folder / f"{name}-{shape}.png", full_page=whole)


def _viewer(page: Page) -> None:
    page.goto(f"/studies/{CT_STUDY.study_instance_uid}")
    page.get_by_role("link", name="Open viewer").click()
    page.wait_for_selector("[data-shown='1']")
    page.get_by_label("Frame").fill("61")
    page.wait_for_selector("[data-shown='61']")
    page.get_by_label("Frame").blur()


def _help(page: Page) -> None:
    _viewer(page)
    page.get_by_role("group", name="Image").focus()
    page.keyboard.press("?")


def _nothing_found(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Patient name").fill("nobody")
    page.get_by_role("heading", name="Nothing matches").wait_for()


def _second_step(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_label("Password").fill("a window of leaded glass")
    page.get_by_role("button", name="Continue with password").click()


def _people(shots: Shots, server: ArchiveServer) -> dict[str, list[dict[str, object]]]:
    """One of each role, signed in."""
    cookies = {}
    for name, role in (("clara.glass", "clinician"), ("morgan", "administrator"), ("audrey", "auditor")):
        with new_context(shots.browser, shots.url) as context:
            page = context.new_page()
            welcomed(page, _link(server, name, role), name)
            cookies[role] = [dict(cookie) for cookie in context.cookies()]
    order(server, "grant add", to="user:clara.glass", allow=["query", "view"], studies="everything", why="samples")
    return cookies


def _link(server: ArchiveServer, name: str, role: str) -> str:
    return str(order(server, "user invite", name=name, roles=[role])["url"])


def _report(browser: Browser, folder: Path) -> None:
    """As the operator has it, and as the public does."""
    public = model(min_cell=5, hides_addresses=True, hides_organisations=True)
    for name, made in (("report", model()), ("report-public", public)):
        page = folder / f"{name}.html"
        page.write_bytes(written(made, ["html"])["report.html"])
        shots = Shots(browser, page.as_uri(), folder)
        shots.take(name, [], lambda tab, page=page: void(tab.goto(page.as_uri())), whole=True)
    (folder / "report.pdf").write_bytes(written(model(), ["pdf"])["report.pdf"])


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with browsing() as browser:
        _report(browser, folder)
    with tempfile.TemporaryDirectory() as home, _running(Path(home) / "home") as server, browsing() as browser:
        shots = Shots(browser, f"https://localhost:{server.https}", folder)
        shots.take("sign-in", [], lambda page: void(page.goto("/sign-in")))
        link = _link(server, "newcomer", "clinician")
        shots.take("welcome", [], lambda page: void(page.goto(link)))
        shots.take("codes", [], lambda page: _second_step(page, link))
        people = _people(shots, server)
        clinician, administrator = people["clinician"], people["administrator"]
        shots.take("studies", clinician, lambda page: void(page.goto("/")))
        shots.take("nothing-found", clinician, _nothing_found)
        shots.take("viewer", clinician, _viewer)
        shots.take("help", clinician, _help)
        shots.take("study", clinician, lambda page: void(page.goto(f"/studies/{CT_STUDY.study_instance_uid}")))
        shots.take("not-found", clinician, lambda page: void(page.goto("/studies/1.2.3")))
        shots.take("not-for-you", clinician, lambda page: void(page.goto("/devices")))
        shots.take("ledger", administrator, lambda page: void(page.goto("/ledger")))
        shots.take("devices", administrator, lambda page: void(page.goto("/devices")))


def void(_: object) -> None:
    """A visit gives nothing back."""


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "bench/scratch/screenshots"))
