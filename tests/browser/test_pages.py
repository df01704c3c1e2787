"""What every page owes its reader: no barriers, a place for each role, words when something is not there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from helpers.axe_core import barriers
from helpers.browser import complaints_of, new_context, welcomed
from helpers.console_clinic import EVIL, PLAIN, Clinic


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_barriers_for_clinicians(clinic: Clinic, browser: Browser, dark: bool) -> None:
    name = f"reads-{dark}".lower()
    with new_context(browser, clinic.url, dark=dark) as context:
        page = context.new_page()
        page.goto("/sign-in")
        assert barriers(page) == []
        link = clinic.link(name)
        page.goto(link)
        assert barriers(page) == []
        welcomed(page, link, name)
        assert barriers(page) == []
        clinic.let_see(name)
        for address in ("/", f"/studies/{EVIL.study_instance_uid}", f"/studies/{PLAIN.study_instance_uid}", "/nowhere"):
            page.goto(address)
            assert barriers(page) == [], address
        page.goto(f"/studies/{PLAIN.study_instance_uid}")
        page.get_by_role("link", name="Open viewer").click()
        expect(page.get_by_role("group", name="Image")).to_have_attribute("data-shown", "1")
        assert barriers(page) == []


def test_administrators_see_devices_and_the_ledger_and_no_images(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        complaints = complaints_of(page)
        welcomed(page, clinic.link("boss", "administrator"), "boss")
        assert _sections(page) == ["Ledger", "Devices"]
        expect(page.get_by_role("heading", name="The ledger is whole")).to_be_visible()
        assert barriers(page) == []
        page.get_by_label("What").select_option("Account made with a one-time link")
        page.get_by_label("Who").fill("boss")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("tbody tr")).to_have_count(1)
        page.get_by_role("link", name="Devices").click()
        expect(page.get_by_role("row", name="scanner SCANNER")).to_contain_text("weak")
        assert barriers(page) == []
        assert complaints == []
        for address in ("/studies/1.2.3", "/studies/1.2.3/series/1.2.4/thumbnail"):
            assert context.request.get(address).status == 403
        page.goto("/studies/1.2.3")
        expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()


def test_auditors_see_the_ledger_only(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url, width=390, height=844) as context:
        page = context.new_page()
        welcomed(page, clinic.link("looks", "auditor"), "looks")
        assert _sections(page) == ["Ledger"]
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert context.request.get("/devices").status == 403


def test_a_link_is_good_once(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        link = clinic.link("once")
        welcomed(page, link, "once")
        page.goto(link)
        expect(page.get_by_text("This link cannot be used")).to_be_visible()


def test_a_mistyped_password_is_noticed_before_the_account_is_made(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        link = clinic.link("typo")
        page.goto(link)
        page.get_by_label("Password").fill("a long password of somebody")
        page.get_by_role("button", name="Continue with password").click()
        page.get_by_label("One-time code").fill("000000")
        page.get_by_label("Password, once more").fill("a long passwrod of somebody")
        page.get_by_role("button", name="Make the account").click()
        expect(page.get_by_role("alert")).to_contain_text("The two passwords differ")
        page.get_by_label("One-time code").fill("000000")
        page.get_by_label("Password, once more").fill("a long password of somebody")
        page.get_by_role("button", name="Make the account").click()
        expect(page.get_by_role("alert")).to_contain_text("not the code of this moment")
        welcomed(page, link, "typo")  # the link is still good


def test_signing_in_wrongly_tells_nothing(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_label("User name").fill("nobody")
        page.get_by_label("Password").fill("whatever it may be")
        page.get_by_label("One-time code").fill("123456")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("alert").first).to_contain_text("must all be right")
        expect(page.get_by_label("User name")).to_have_value("nobody")
        assert barriers(page) == []
        assert context.cookies() == []


def _sections(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="Sections").get_by_role("link").all_inner_texts()
