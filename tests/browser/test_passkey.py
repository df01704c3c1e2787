"""Passkeys in a real browser, with the authenticator Chromium offers for tests (WebAuthn by CDP)."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from helpers.browser import complaints_of, new_context
from helpers.console_clinic import Clinic


def _with_authenticator(page: Page) -> None:
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    line.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_an_account_with_a_passkey(clinic: Clinic, browser: Browser) -> None:
    """Made with a link, and used to sign in again without a name, a password or a code."""
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        complaints = complaints_of(page)
        _with_authenticator(page)
        page.goto(clinic.link("touch"))
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_role("heading", name="Studies", exact=True)).to_be_visible()
        expect(page.get_by_text("touch", exact=True)).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("heading", name="Studies", exact=True)).to_be_visible()
        assert complaints == []


def test_a_browser_without_our_passkey_is_told_what_else_there_is(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        _with_authenticator(page)
        page.goto("/sign-in")
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("alert")).to_contain_text("password and code")
        assert context.cookies() == []
