"""A clinician's day: a link, an account, a study, who looked at it, home."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from helpers.browser import complaints_of, new_context, sign_in, welcomed
from helpers.console_clinic import MANY, PLAIN, Clinic


def test_from_the_link_to_signing_out(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        complaints = complaints_of(page)
        person = welcomed(page, clinic.link("day"), "day")
        expect(page.get_by_role("heading", name="No studies for you yet")).to_be_visible()
        clinic.let_see("day")
        page.reload()
        expect(page.get_by_text("3 studies, newest first")).to_be_visible()
        _searches(page)
        _looks(page)
        _sees_who_looked(page)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("You are signed out")).to_be_visible()
        assert context.cookies() == []
        page.go_back()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        sign_in(page, person)
        expect(page.get_by_label("Patient name")).to_have_value("")  # the search was forgotten
        assert complaints == []


def _searches(page: Page) -> None:
    """As letters are typed the list becomes shorter; nothing of it comes into the address."""
    page.get_by_label("Patient name").fill("phantom, a")
    expect(page.get_by_text("1 study, newest first")).to_be_visible()
    expect(page.get_by_role("link", name="Phantom, Ada")).to_be_visible()
    page.get_by_label("Modality").select_option("US")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_label("Modality").select_option("CT")
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_label("To").fill("2026-01-31")
    expect(page.get_by_role("link", name="Phantom, Ada")).to_be_visible()
    assert page.url.endswith("/")
    page.get_by_role("link", name="Phantom, Ada").click()
    page.get_by_role("link", name="← Studies").click()
    expect(page.get_by_label("Patient name")).to_have_value("phantom, a")  # as it was left
    expect(page.get_by_text("1 study, newest first")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("3 studies, newest first")).to_be_visible()


def _looks(page: Page) -> None:
    page.get_by_role("link", name="Phantom, Ada").click()
    expect(page.get_by_text("2 series, 27 objects")).to_be_visible()
    expect(page.locator(".series img")).to_have_count(2)
    page.get_by_role("link", name="Open viewer").click()
    assert "Phantom" not in page.title() + page.url
    stage = page.get_by_role("group", name="Image")
    expect(stage).to_have_attribute("data-shown", "1")
    _scrolls(page)
    before = page.locator("#image").get_attribute("src")
    page.keyboard.press("3")
    expect(stage).to_have_attribute("data-window", "-600,1500")
    expect(page.get_by_text("W 1500 C -600")).to_be_visible()
    assert page.locator("#image").get_attribute("src") != before
    _drags(page)
    page.get_by_role("button", name="Invert").click()
    expect(stage).to_have_class(re.compile("inverted"))
    page.get_by_role("button", name="Larger").click()
    expect(page.get_by_text("125 %")).to_be_visible()
    page.get_by_role("button", name="Reset").click()
    expect(stage).to_have_attribute("data-window", "")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("]")
    expect(page.get_by_text("1 of 3")).to_be_visible()
    expect(page.get_by_text("W 1200 C 600")).to_be_visible()  # as it was stored
    assert page.get_by_label("Window", exact=True).locator("option:enabled").all_inner_texts()[:2] == [
        "Default window",
        "Own window",
    ]
    page.go_back()
    expect(page.get_by_text("1 of 24")).to_be_visible()
    page.get_by_role("link", name="Back to the study").click()


def _scrolls(page: Page) -> None:
    """By keys, wheel and slider; frames that were seen are not fetched again."""
    stage = page.get_by_role("group", name="Image")
    stage.focus()
    for key, shown in (("ArrowDown", "2"), ("PageDown", "12"), ("End", "24"), ("Home", "1"), ("ArrowUp", "1")):
        page.keyboard.press(key)
        expect(stage).to_have_attribute("data-shown", shown)
    stage.hover()
    page.mouse.wheel(0, 120)
    expect(stage).to_have_attribute("data-shown", "2")
    page.get_by_label("Frame").fill("20")
    expect(stage).to_have_attribute("data-shown", "20")
    expect(page.get_by_text("20 of 24")).to_be_visible()


def _drags(page: Page) -> None:
    stage = page.get_by_role("group", name="Image")
    box = stage.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 320, box["y"] + 310, steps=4)
    page.mouse.up()
    expect(stage).to_have_attribute("data-window", re.compile(r"-5\d\d,16\d\d"))  # darker, and wider


def _sees_who_looked(page: Page) -> None:
    looked = page.get_by_role("region", name="Who has looked at this study")
    row = looked.get_by_role("row", name="day clinician")
    expect(row).to_contain_text("Found it in a search and viewed it")


def test_frames_of_one_object_are_scrolled_like_a_series(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url, width=390, height=844) as context:
        page = context.new_page()
        complaints = complaints_of(page)
        welcomed(page, clinic.link("thumbs"), "thumbs")
        clinic.let_see("thumbs")
        page.goto(f"/studies/{MANY.study_instance_uid}")
        page.get_by_role("link", name="Open viewer").click()
        stage = page.get_by_role("group", name="Image")
        expect(stage).to_have_attribute("data-shown", "1")
        expect(page.get_by_text("Image 1, frame 1 of 10")).to_be_visible()
        page.keyboard.press("End")
        expect(stage).to_have_attribute("data-shown", "10")
        expect(page.get_by_text("Image 1, frame 10 of 10")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert complaints == []


def test_a_session_that_ended_leads_to_the_sign_in_page(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        welcomed(page, clinic.link("gone"), "gone")
        clinic.let_see("gone")
        page.goto(f"/studies/{PLAIN.study_instance_uid}")
        page.get_by_role("link", name="Open viewer").click()
        stage = page.get_by_role("group", name="Image")
        expect(stage).to_have_attribute("data-shown", "1")
        clinic.server.command("user", "disable", "gone")
        page.keyboard.press("End")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_picture_that_fails_leaves_no_other_in_its_place(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        welcomed(page, clinic.link("careful"), "careful")
        clinic.let_see("careful")
        broken = {"status": 406, "json": {"title": "No picture", "detail": "This picture cannot be drawn here."}}
        page.route("**/frames/3", lambda route: route.fulfill(**broken))
        page.goto(f"/studies/{MANY.study_instance_uid}")
        page.get_by_role("link", name="Open viewer").click()
        stage = page.get_by_role("group", name="Image")
        expect(stage).to_have_attribute("data-shown", "1")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(page.get_by_text("This picture cannot be drawn here.")).to_be_visible()
        expect(page.get_by_text("Image 1, frame 3 of 10")).to_be_visible()
        expect(page.locator("#image")).to_be_hidden()
        page.keyboard.press("ArrowDown")
        expect(stage).to_have_attribute("data-shown", "4")
        expect(page.locator("#image")).to_be_visible()
        page.unroute("**/frames/3")
        page.keyboard.press("ArrowUp")
        expect(stage).to_have_attribute("data-shown", "3")


def test_a_long_list_has_pages(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        complaints = complaints_of(page)
        welcomed(page, clinic.link("leafs"), "leafs")
        clinic.let_see_crowd("leafs")
        page.goto("/")
        page.get_by_label("Patient name").fill("crowd")
        expect(page.get_by_text("Studies 1 to 50, newest first; there are more")).to_be_visible()
        expect(page.locator("tbody tr")).to_have_count(50)
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text("Studies 51 to 60, newest first")).to_be_visible()
        expect(page.get_by_role("button", name="Next")).to_have_count(0)
        page.get_by_role("button", name="Previous").click()
        expect(page.get_by_text("Studies 1 to 50")).to_be_visible()
        page.get_by_label("Patient name").fill("crowd, 01")
        expect(page.get_by_text("10 studies, newest first")).to_be_visible()
        assert page.url.endswith("/")
        assert complaints == []


def test_nobody_is_left_signed_in(clinic: Clinic, browser: Browser) -> None:
    """Whoever leaves the desk is warned, and then signed out."""
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        welcomed(page, clinic.link("sleeper"), "sleeper")
        page.clock.install()
        page.goto("/")
        page.clock.fast_forward("28:30")
        notice = page.get_by_role("alert").filter(has_text="You will be signed out")
        expect(notice).to_be_visible()
        notice.get_by_role("button", name="Stay signed in").click()
        expect(notice).to_be_hidden()
        page.clock.fast_forward("30:10")
        expect(page.get_by_text("You are signed out")).to_be_visible()


def test_a_search_that_cannot_be_answered_says_so(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        welcomed(page, clinic.link("patient"), "patient")
        clinic.let_see("patient")
        page.goto("/")
        page.get_by_label("From").evaluate("field => { field.type = 'text'; }")  # as in a browser without calendars
        page.get_by_label("From").fill("last week")
        expect(page.get_by_text("That cannot be searched for")).to_be_visible()
        clinic.server.command("user", "disable", "patient")
        page.get_by_label("Patient name").fill("phantom")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
