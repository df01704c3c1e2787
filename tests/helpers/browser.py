"""A browser in front of the console: Debian's Chromium, driven by playwright."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyotp
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright

__all__ = ["CHROMIUM", "PASSWORD", "Person", "browsing", "complaints_of", "new_context", "sign_in", "welcomed"]

CHROMIUM: Final = Path("/usr/bin/chromium")
PASSWORD: Final = "glass between us and the rays"
_OPTIONS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.contextmanager
def browsing() -> Iterator[Browser]:
    """A browser that asks nobody but us."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


def new_context(
    browser: Browser, url: str, *, width: int = 1440, height: int = 900, dark: bool = False
) -> BrowserContext:
    """A browser with nothing in it: no cookie, no history. The archive's own CA is not in Chromium's store."""
    context = browser.new_context(
        base_url=url,
        ignore_https_errors=True,
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        has_touch=width < 500,
    )
    context.set_default_timeout(10_000)
    return context


class Person:
    """Somebody with a telephone. A one-time code is good once, so each is of a later step than the last."""

    def __init__(self, username: str, secret: str) -> None:
        self.username = username
        self._totp = pyotp.TOTP(secret)
        self._last_step = 0

    def code(self) -> str:
        """A code that was not used yet. The archive takes that of the next step, too; further ahead we must wait."""
        step = max(int(time.time()) // 30, self._last_step + 1)
        while step > int(time.time()) // 30 + 1:
            time.sleep(0.2)
        self._last_step = step
        return str(self._totp.generate_otp(step))


def welcomed(page: Page, link: str, username: str) -> Person:
    """Follows a one-time link to an account with password and codes; the page ends up signed in."""
    page.goto(link)
    if page.get_by_label("User name").is_editable():  # a link may be for one name
        page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue with password").click()
    page.get_by_text("No camera?").click()
    person = Person(username, page.locator("#secret").inner_text().replace(" ", ""))
    page.get_by_label("One-time code").fill(person.code())
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.get_by_role("button", name="Sign out").wait_for()
    return person


def sign_in(page: Page, person: Person) -> None:
    """From the sign-in page to the start page."""
    page.goto("/sign-in")
    page.get_by_label("User name").fill(person.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("One-time code").fill(person.code())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Sign out").wait_for()


def complaints_of(page: Page) -> list[str]:
    """Grows by everything a page should never do: dialogs, errors of scripts, violations of the CSP."""
    complaints: list[str] = []

    def opened(dialog: Dialog) -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", opened)
    page.on("pageerror", lambda fault: complaints.append(f"script: {fault}"))
    page.on(
        "console",
        lambda said: complaints.append(f"console: {said.text}") if said.type == "error" else None,
    )
    return complaints
