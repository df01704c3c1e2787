"""The report in a browser: no barriers, no complaints, tables that sort and search, paper that shows everything."""

from __future__ import annotations

import io
import re

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from helpers.axe_core import barriers
from helpers.browser import complaints_of
from helpers.report_world import model
from leadglass.report.writing import write, written


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    (path,) = write(written(model(), ["html"]), tmp_path_factory.mktemp("report"))
    return path.as_uri()


def opened(browser: Browser, address: str, *, width: int = 1440, dark: bool = False, policy: bool = True) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", bypass_csp=not policy
    )
    page = context.new_page()
    page.goto(address)
    return page


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1440, True), (390, False), (390, True)])
def test_nothing_is_in_anybody_s_way(browser: Browser, address: str, width: int, dark: bool) -> None:
    page = opened(browser, address, width=width, dark=dark, policy=False)  # axe is a script the policy forbids
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.context.close()


def test_its_own_policy_lets_it_work_and_nobody_else(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    complaints = complaints_of(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    assert page.locator("thead button").count() > 10
    assert complaints == []
    assert [url for url in asked if not url.startswith("data:")] == [address]
    page.evaluate("document.body.append(Object.assign(document.createElement('img'), {src: 'http://127.0.0.1:9/x'}))")
    page.wait_for_function("true")
    assert any("Content Security Policy" in said for said in complaints)
    context.close()


def cells(page: Page, column: int) -> list[str]:
    return page.locator(f"#t-countries tbody tr > :nth-child({column})").all_inner_texts()


def test_tables_sort_by_number_and_by_name(browser: Browser, address: str) -> None:
    page = opened(browser, address)
    opens = page.locator("#t-countries").get_by_role("button", name="Open", exact=True)
    opens.click()
    numbers = [int(text) for text in cells(page, 3)]
    assert numbers == sorted(numbers, reverse=True)
    opens.press("Enter")
    assert [int(text) for text in cells(page, 3)] == sorted(numbers)
    assert page.locator("#t-countries th[aria-sort='ascending']").count() == 1
    page.locator("#t-countries").get_by_role("button", name="Country").click()
    assert cells(page, 1) == sorted(cells(page, 1))
    page.context.close()


def test_tables_can_be_searched(browser: Browser, address: str) -> None:
    page = opened(browser, address)
    page.locator("input[data-filter='t-leaks']").fill("telangana")
    shown = page.locator("#t-leaks tbody tr:visible")
    assert shown.count() >= 1
    assert all("Telangana" in text for text in shown.all_inner_texts())
    page.context.close()


def test_paper_shows_what_the_screen_folds_away(browser: Browser, address: str) -> None:
    page = opened(browser, address, dark=True)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details:not([open])").count() == 0
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator(".bar-top").is_visible()
    page.context.close()


def test_a_table_on_several_pages_has_its_head_on_each_and_its_sum_once(browser: Browser, address: str) -> None:
    page = opened(browser, address)
    pages = [sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf(format="A4"))).pages]
    totals = [number for number, text in enumerate(pages) if re.search(r"^All\b.*126", text, re.MULTILINE)]
    assert len(totals) == 1
    first = next(number for number, text in enumerate(pages) if "India" in text)
    assert totals[0] > first
    assert all("Images linked" in text for text in pages[first : totals[0] + 1])
    page.context.close()


def test_the_page_ends_with_its_last_words(browser: Browser, address: str) -> None:
    """What is there for screen readers only does not lengthen it."""
    for width in (1440, 390):
        page = opened(browser, address, width=width)
        foot = page.locator("footer").bounding_box()
        assert foot is not None
        assert page.evaluate("document.documentElement.scrollHeight") <= foot["y"] + foot["height"] + 1
        page.context.close()
