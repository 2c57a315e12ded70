"""Pages in a real browser: quiet, offline, sortable, filterable, readable, never too wide."""

from __future__ import annotations

import base64
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.report.browser import hostile
from tests.report.browser.chromium import Chromium

LEAST_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3, level AA, for text of usual size
PAGES = ("everything", "hostile", "model")
OPEN_ALL = "for (const part of document.querySelectorAll('details')) part.open = true"
SCRIPTS = Path(__file__).parent

Pages = dict[str, Path]


def read_column(browser: Chromium, table: str, column: int) -> list[str]:
    """The texts of a column of the rows that are shown, from the top down."""
    rows = f"[...document.querySelector({json.dumps(table)}).tBodies[0].rows]"
    found = browser.evaluate(
        f"{rows}.filter(row => !row.hidden).map(row => row.cells[{column}].textContent.trim())"
    )
    return list(found)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [400, 1400])
def test_page_is_quiet_offline_and_never_too_wide(
    browser: Chromium, pages: Pages, name: str, width: int
) -> None:
    """No error, no violation of the policy, no request but the file, no scrolling sideways."""
    browser.prefer("light")
    browser.open(pages[name], width=width)
    browser.evaluate(OPEN_ALL)
    assert browser.evaluate("innerWidth") == width
    assert browser.complaints == []
    assert browser.requests == [pages[name].as_uri()]
    widths = "[document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]"
    content, window = browser.evaluate(widths)
    assert content <= window == width


def test_policy_lets_nothing_act_but_the_page_itself(browser: Chromium, pages: Pages) -> None:
    """A script, a style and an image that come later are refused by the browser."""
    browser.open(pages["everything"])
    browser.evaluate(
        """for (const markup of ["<img src='https://example.org/x.png'>",
             "<p style='position:fixed'>", "<b onclick='0'></b>"])
             document.body.insertAdjacentHTML("beforeend", markup);
           const script = document.createElement("script");
           script.textContent = "window.acted = true";
           document.body.append(script);
           document.body.lastElementChild.previousElementSibling.click()"""
    )
    assert browser.evaluate("window.acted ?? null") is None
    browser.evaluate("new Promise(done => setTimeout(done, 100))")
    assert browser.refused == ["csp"]
    assert sum("Content Security Policy" in text for text in browser.complaints) >= 3


def test_hostile_names_stay_text(browser: Chromium, pages: Pages) -> None:
    """No element and no script comes of a name; each is there to read; the body is shown."""
    browser.open(pages["hostile"])
    assert browser.evaluate("document.title") == hostile.SCRIPT
    assert browser.evaluate("document.querySelectorAll('img, b[onclick]').length") == 0
    assert browser.evaluate("document.querySelectorAll('script').length") == 1
    assert browser.evaluate("getComputedStyle(document.body).display") == "block"
    shown = browser.evaluate("document.body.textContent")
    for name in (hostile.SCRIPT, hostile.STYLE, hostile.QUOTES, hostile.LONG):
        assert name in shown
    assert "\u202e" not in shown


def test_a_click_on_a_head_sorts_by_numbers(browser: Chromium, pages: Pages) -> None:
    """Up, down, and back to the results' order; the head says which."""
    browser.open(pages["everything"])
    before = read_column(browser, "table.heat", 1)
    head = "document.querySelectorAll('table.heat thead tr:last-child th')[1]"
    rates = [float(re.split(r"[^\d.]", text)[0]) for text in before]
    assert rates != sorted(rates)
    browser.evaluate(f"{head}.querySelector('button').click()")
    up = read_column(browser, "table.heat", 1)
    assert [float(re.split(r"[^\d.]", text)[0]) for text in up] == sorted(rates)
    assert browser.evaluate(f"{head}.getAttribute('aria-sort')") == "ascending"
    browser.evaluate(f"{head}.querySelector('button').focus()")
    browser.press("Enter", "\r")
    down = read_column(browser, "table.heat", 1)
    assert [float(re.split(r"[^\d.]", text)[0]) for text in down] == sorted(rates, reverse=True)
    assert browser.evaluate(f"{head}.getAttribute('aria-sort')") == "descending"
    browser.evaluate(f"{head}.querySelector('button').click()")
    assert read_column(browser, "table.heat", 1) == before


def test_the_heat_map_switches_to_differences(browser: Chromium, pages: Pages) -> None:
    """The other number, its own colours, and sorting by it; baselines without one come last."""
    browser.open(pages["everything"])
    cell = "document.querySelectorAll('table.heat tbody tr')[9].cells[6]"
    rate = browser.evaluate(f"[{cell}.innerText, getComputedStyle({cell}).backgroundColor]")
    browser.evaluate("document.querySelector('.heatmap [value=delta]').click()")
    delta = browser.evaluate(f"[{cell}.innerText, getComputedStyle({cell}).backgroundColor]")
    assert rate[0] != delta[0]
    assert delta[0].startswith("+")
    assert rate[1] != delta[1]
    browser.evaluate(
        "document.querySelectorAll('table.heat thead tr:last-child th')[6]"
        ".querySelector('button').click()"
    )
    shown = browser.evaluate(
        "[...document.querySelectorAll('table.heat tbody tr')].map(row => row.cells[6].innerText)"
    )
    numbers = [float(text.split()[0]) for text in shown[:-2]]
    assert numbers == sorted(numbers)
    assert [text.strip() for text in shown[-2:]] == ["-", "-"]


def test_filters_hide_rows_and_say_how_many_are_left(browser: Chromium, pages: Pages) -> None:
    """A word typed and a verdict chosen; the count is announced, the address keeps both."""
    browser.open(pages["everything"])
    browser.evaluate("document.querySelector('.heatmap .filter input').focus()")
    browser.call("Input.insertText", text="ROBUST")
    names = read_column(browser, "table.heat", 0)
    assert len(names) == 5
    assert all(name.startswith("robust/") for name in names)
    output = "document.querySelector('.heatmap .filter output')"
    assert browser.evaluate(f"{output}.value") == "5 of 10 rows"
    assert browser.evaluate(f"{output}.getAttribute('aria-live')") == "polite"
    browser.evaluate(
        """const field = document.querySelector('.heatmap .filter select');
           field.value = 'non-inferior'; field.dispatchEvent(new Event('change'))"""
    )
    assert read_column(browser, "table.heat", 0) == ["robust/int8", "robust/prune10"]
    assert browser.evaluate(f"{output}.value") == "2 of 10 rows"
    fragment = browser.evaluate("location.hash")
    browser.open(pages["everything"], fragment=fragment)
    assert read_column(browser, "table.heat", 0) == ["robust/int8", "robust/prune10"]


def test_one_group_of_conditions_can_stand_alone(browser: Chromium, pages: Pages) -> None:
    """The columns of the room with noise, under their own heads, and all of them again."""
    browser.open(pages["everything"])
    shown = """(() => {
        const field = document.querySelectorAll(".heatmap .filter select")[1];
        field.value = CHOICE; field.dispatchEvent(new Event("change"));
        const table = document.querySelector("table.heat");
        return [...table.tHead.rows, table.tBodies[0].rows[9]].map((row) =>
            [...row.cells].filter((cell) => cell.offsetWidth > 0).map((cell) => cell.innerText));
    })()"""
    alone = browser.evaluate(shown.replace("CHOICE", "'any noise in small room'"))
    assert alone[0] == ["", "any noise in small room"]
    assert alone[1] == ["artefact", "20 dB", "10 dB", "0 dB"]
    assert alone[2] == ["robust/prune30", "10.1 ✗", "21.4 ✗", "47.0 ✗"]
    assert [len(row) for row in browser.evaluate(shown.replace("CHOICE", "''"))] == [8, 21, 21]


def test_choices_narrow_the_table_of_tests_down(browser: Chromium, pages: Pages) -> None:
    """One artefact, then one condition: one row of all."""
    browser.open(pages["everything"])
    found = browser.evaluate(
        """(() => {
             const section = document.querySelector("[aria-labelledby=tests] details");
             const [condition, artefact] = section.querySelectorAll(".filter select");
             const choose = (field, value) => {
               field.value = value; field.dispatchEvent(new Event("change"));
               return section.querySelector("output").value;
             };
             return [choose(artefact, "robust/int8"), choose(condition, "clean")];
           })()"""
    )
    assert found == ["20 of 160 rows", "1 of 160 rows"]


def test_the_button_changes_the_colours(browser: Chromium, pages: Pages) -> None:
    """From the system's colours to the others and back; the button says what it does."""
    colour = "getComputedStyle(document.body).backgroundColor"
    browser.prefer("dark")
    browser.open(pages["everything"])
    dark = browser.evaluate(colour)
    assert browser.evaluate("document.querySelector('.theme').innerText") == "Light colours"
    browser.evaluate("document.querySelector('.theme').click()")
    light = browser.evaluate(colour)
    assert light == "rgb(255, 255, 255)" != dark
    assert browser.evaluate("document.querySelector('.theme').innerText") == "Dark colours"
    browser.evaluate("document.querySelector('.theme').click()")
    assert browser.evaluate(colour) == dark


@pytest.mark.parametrize("name", ["part", "model"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser: Chromium, pages: Pages, name: str, scheme: str) -> None:
    """The contrast of each text with what is behind it, in both numbers of the heat map."""
    browser.prefer(scheme)
    browser.open(pages[name])
    browser.evaluate(OPEN_ALL)
    script = (SCRIPTS / "contrast.js").read_text(encoding="utf-8")
    for choice in ("value", "delta"):
        browser.evaluate(f"document.querySelector('.heatmap [value={choice}]')?.click()")
        found = browser.evaluate(script)
        assert found["texts"] > 200
        low = [row for row in found["worst"] if row["contrast"] < LEAST_CONTRAST]
        assert low == []


@pytest.mark.parametrize("name", PAGES)
def test_a_screen_reader_finds_its_way(browser: Chromium, pages: Pages, name: str) -> None:
    """Language, landmarks, headings in order, names for tables, pictures, fields and regions."""
    browser.open(pages[name])
    browser.evaluate(OPEN_ALL)
    found: dict[str, Any] = browser.evaluate((SCRIPTS / "structure.js").read_text("utf-8"))
    assert found["lang"] == "en"
    assert found["landmarks"] == {"header": 1, "main": 1, "nav": 1}
    levels = found["headings"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert found["skip"] == "main"
    assert found["unnamed"] == []
    assert found["double"] == []
    assert found["heads"] == found["scoped"] > 0


def test_printing_opens_everything_and_gives_pages(browser: Chromium, pages: Pages) -> None:
    """More than one page, on light paper, without controls, with what was folded away."""
    browser.prefer("dark", "print")
    browser.open(pages["part"])
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    shown = "getComputedStyle(document.querySelector('.filter')).display"
    assert browser.evaluate(shown) == "none"
    browser.prefer("light")
    browser.evaluate(
        "addEventListener('beforeprint', () => { window.open_ = document"
        ".querySelectorAll('details:not([open])').length })"
    )
    pdf = base64.b64decode(browser.call("Page.printToPDF", printBackground=True)["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 3
    assert browser.evaluate("window.open_") == 0
    assert browser.evaluate("document.querySelectorAll('details:not([open])').length") > 0


def test_tables_are_whole_without_script(browser: Chromium, pages: Pages) -> None:
    """Every row is there, no control without a use."""
    browser.prefer("light")
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(pages["everything"])
        assert browser.evaluate("document.querySelectorAll('table.heat tbody tr').length") == 10
        controls = "[...document.querySelectorAll('button, input[type=search], select')]"
        assert browser.evaluate(f"{controls}.filter(field => field.offsetWidth).length") == 0
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
