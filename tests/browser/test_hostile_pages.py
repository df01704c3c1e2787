"""Names of patients are written by strangers: on no page may one of them do anything. Nor may another site's pages."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from helpers.browser import complaints_of, new_context, sign_in, welcomed
from helpers.clinic import order
from helpers.console_clinic import EVIL, HIDDEN, PLAIN, Clinic


def test_markup_in_names_stays_text(clinic: Clinic, browser: Browser) -> None:
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        complaints = complaints_of(page)
        page.add_init_script("addEventListener('securitypolicyviolation', e => console.error(e.violatedDirective))")
        welcomed(page, clinic.link("reader"), "reader")
        clinic.let_see("reader")
        page.goto("/")
        _is_text(page, "alert('name')", "alert('study')", "alert('id')")
        page.get_by_label("Patient name").fill("""Evil"><script>""")
        expect(page.get_by_text("1 study, newest first")).to_be_visible()
        _is_text(page, "alert('name')")
        page.get_by_label("Patient ID").fill("""EVIL"><img src=x onerror=alert(2)>""")
        expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
        page.goto(f"/studies/{EVIL.study_instance_uid}")
        _is_text(
            page, "alert('name')", "alert('place')", "alert('id')", "Doctor", "{{ 7 * 7 }}"
        )  # nor is it a template
        page.get_by_role("link", name="Open viewer").click()
        expect(page.get_by_role("group", name="Image")).to_have_attribute("data-shown", "1")
        _is_text(page, "alert('name')", "alert('study')")
        assert complaints == []


def _is_text(page: Page, *marks: str) -> None:
    """What strangers wrote is to be read on the page, and is no element or handler of it."""
    read = page.locator("body").inner_text()
    assert all(mark in read for mark in marks), read
    assert page.locator("main :is(script, iframe, svg[onload], b[onclick], [onerror], [onmouseover])").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0


def test_names_of_people_stay_text_in_the_ledger(clinic: Clinic, browser: Browser) -> None:
    order(
        clinic.server,
        "grant add",
        to="role:auditor",
        allow=["query"],
        studies=f"study:{PLAIN.study_instance_uid}",
        why="<script>alert('why')</script>",
    )
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        complaints = complaints_of(page)
        welcomed(page, clinic.link("auditor", "auditor"), "auditor")
        page.get_by_label("Who").fill("<img src=x onerror=alert(3)>")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()
        expect(page.get_by_label("Who")).to_have_value("<img src=x onerror=alert(3)>")
        assert complaints == []


def test_a_hidden_study_looks_like_none(clinic: Clinic, browser: Browser) -> None:
    """On every address that names a study: the same page, whether it is there or not."""
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        welcomed(page, clinic.link("outside"), "outside")
        clinic.let_see("outside")
        page.goto("/")
        expect(page.get_by_text("Secret")).to_have_count(0)
        for below in ("", "/series/1.2.3", "/series/1.2.3/frames", "/series/1.2.3/thumbnail"):
            hidden = context.request.get(f"/studies/{HIDDEN.study_instance_uid}{below}")
            absent = context.request.get(f"/studies/2.25.1234567890{below}")
            assert (hidden.status, hidden.body()) == (absent.status, absent.body()) == (404, hidden.body())
        page.goto(f"/studies/{HIDDEN.study_instance_uid}")
        expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()


def test_another_site_can_do_nothing(clinic: Clinic, browser: Browser) -> None:
    """Its pages cannot send our forms, and the cookie does not go with what they ask for."""
    with new_context(browser, clinic.url) as context:
        page = context.new_page()
        person = welcomed(page, clinic.link("victim"), "victim")
        elsewhere = context.new_page()
        elsewhere.route("https://evil.example/**", lambda route: route.fulfill(content_type="text/html", body="<p>hi"))
        elsewhere.goto("https://evil.example/")
        script = """address => {
            const form = document.createElement("form");
            form.method = "POST"; form.action = address; document.body.append(form); form.submit();
        }"""
        with elsewhere.expect_response(f"{clinic.url}/sign-out") as answer:
            elsewhere.evaluate(script, f"{clinic.url}/sign-out")
        assert answer.value.status == 403
        assert "cookie" not in answer.value.request.all_headers()
        page.reload()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        # From our own page, but without the token of the session: refused as well.
        said = "{method: 'POST', body: new URLSearchParams({csrf: 'x'})}"
        assert page.evaluate(f"async () => (await fetch('/sign-out', {said})).status") == 403
        page.get_by_role("button", name="Sign out").click()
        sign_in(page, person)
