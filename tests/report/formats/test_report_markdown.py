"""Markdown for a comment: never too long, and no text in it acts."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from asrcompress.core.error_table import CellErrors, ErrorTable
from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.report import render
from asrcompress.report.markdown.parts import MOST_CHARACTERS, Part, cut, fitting
from asrcompress.report.markdown.pieces import escape, line
from tests.report import broken, everything, gates

ALLOWED = {"p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "blockquote"}
ALLOWED |= {"br", "hr", "details", "summary", "span", "em"}
# What GitHub and GitLab look for in the text that is shown.
REFERENCES = re.compile(r"[@#!%&$~^][\w\"]|:[\w+-]+:|\w://|\bwww\.|\bgh-\d", re.IGNORECASE)
HOSTILE = (
    "a | b \\| c",
    "<script>alert(1)</script>",
    "</details><details open>",
    "</summary>",
    "<!-- gone",
    "![x](http://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "<http://evil.example>",
    "http://evil.example www.evil.example me@evil.example",
    "@team #12 !12 %12 &12 $12 ~bug GH-12 user/repo#1 :tada: :+1: a:b:c:",
    "$x$ and $$y$$",
    "`code` *b* _i_ ~~s~~ **B**",
    "# head",
    "- item",
    "12. item",
    "===",
    "---",
    "> quote",
    "/close",
    "[^1]: note",
    "[x]: http://evil.example",
    "```",
    "\\",
    "a\\",
    "`",
    "&lt;img src=x&gt; &#64;team",
    "a\nb\r\nc\u2028d",
    "\x1b[2J\u202eabc\u2066",
    "| --- | --- |",
)


class _Page(HTMLParser):
    """The tags, attributes and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert all(name == "style" for name, _ in attrs)
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def page(text: str) -> _Page:
    """The report as markdown-it renders it, with HTML let through as on GitHub."""
    html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    found = _Page()
    found.feed(html)
    found.close()
    assert not found.open
    return found


def check_shown(text: str) -> None:
    """Only the report's own tags, nothing that a host would make a link or a mention of."""
    found = page(text)
    assert {*found.tags} <= ALLOWED
    assert not REFERENCES.search(found.text.replace("\u200b", "\u200b "))
    assert "\u202e" not in text
    assert "\x1b" not in text


def columns(text: str) -> list[set[int]]:
    """For each table the numbers of its rows' cells, as a reader of GFM counts them."""
    tables: list[set[int]] = [set()]
    for row in text.splitlines():
        if row.startswith("|"):
            tables[-1].add(len(re.findall(r"(?<!\\)\|", row)))
        elif tables[-1]:
            tables.append(set())
    return [found for found in tables if found]


def _tags(report: str) -> list[str]:
    """The page's elements; dollars stand in one of their own."""
    return [tag for tag in page(report).tags if tag != "span"]


@cache
def _plain() -> str:
    return render(everything.findings("plain"), "markdown")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_acts_wherever_it_comes_from(text: str) -> None:
    """Names, notes, transcripts, subgroups, gates, speed, blocks: all at once."""
    report = render(everything.findings(text), "markdown")
    check_shown(report)
    assert _tags(report) == _tags(_plain())
    assert all(len(found) == 1 for found in columns(report))


@settings(max_examples=15, deadline=None)
@given(st.text(st.sampled_from("@#!%&$~^:|<>/\\`*_[](){}-+=.1aé \"'\n\u202e\u4e2d"), max_size=30))
def test_no_made_up_text_acts(text: str) -> None:
    """The same for anything put together of what has a meaning somewhere."""
    report = render(everything.findings(f"{text}x"), "markdown")
    check_shown(report)
    assert _tags(report) == _tags(_plain())


def test_a_text_reads_as_it_was_written() -> None:
    """Escaping changes nothing that is seen."""
    for text in ("a | b", "100 % of *all*", "C:\\models\\x", "# x", "3. x", "a_b", "1 < 2 & 3"):
        assert page(escape(text) if text[0] not in "#3" else line(text)).text.strip() == text


def _large(results: Results) -> Findings:
    """10 models x 20 compressions under 30 conditions, names of 90 characters, flips in all."""
    long = "a-name-that-nobody-would-like-to-read-in-a-table-of-any-kind-since-it-is-so-long-"
    artefacts, conditions, cells = [], [], []
    for index in range(30):
        condition = results.conditions[index % 10]
        conditions.append(condition.model_copy(update={"name": f"{long}{condition.name}-{index}"}))
    for index in range(200):
        one = results.artefacts[index % 5]
        baseline = None if index % 20 == 0 else f"{long}{index - index % 20}"
        name = f"{long}{index}"
        artefacts.append(one.model_copy(update={"name": name, "baseline": baseline}))
        for place, condition in enumerate(conditions):
            cell = results.cells[10 * (index % 5) + place % 10]
            here = {"artefact": name, "condition": condition.name}
            cells.append(cell.model_copy(update=here))
    update = {"artefacts": tuple(artefacts), "conditions": tuple(conditions), "cells": tuple(cells)}
    flips = broken.errors().cells[2].flips
    errors = ErrorTable(
        cells=tuple(
            CellErrors(
                artefact=cell.artefact,
                condition=cell.condition,
                baseline=long,
                flips_total=len(flips),
                recoveries_total=0,
                flips=flips,
            )
            for cell in cells
        )
    )
    checks = tuple(
        gates.check(
            ("failed", "passed", "inconclusive")[number % 3],
            artefact=cell.artefact,
            condition=cell.condition,
        )
        for number, cell in enumerate(cells)
    )
    results = results.model_copy(update=update)
    return Findings(results, CostTable(), errors, gates=gates.table(checks=checks))


def test_the_largest_audit_fits_a_comment(results: Results) -> None:
    """The gates' verdict first, whole tables or a line that says what is missing, folds closed."""
    found = _large(results)
    text = render(found, "markdown")
    assert len(text) <= MOST_CHARACTERS
    assert text.startswith("**Gates: FAILED, 2000 of 6000 (2000 inconclusive). ")
    assert "| ✗ failed |" in text
    assert re.search(r"\n\d+ more lines in report\.html\.\n", text)
    assert text.splitlines()[-1].startswith("Too long for a comment, report.html has all. Cut")
    assert text.count("<details>") == text.count("</details>") > 1
    check_shown(text)


@given(
    st.lists(
        st.tuples(st.integers(0, 40_000), st.integers(0, 600), st.integers(1, 3000), st.booleans()),
        max_size=60,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_parts_fit(sizes: list[tuple[int, int, int, bool]]) -> None:
    """A paragraph and a table of any sizes, and titles of any length."""
    parts = [
        Part(
            "$" * width,
            "p" * paragraph + "\n\n| a | b |\n| --- | --- |" + f"\n| {'x' * width} | 1 |" * rows,
            is_folded=is_folded,
        )
        for paragraph, rows, width, is_folded in sizes
    ]
    assert len(fitting(parts)) + 1 <= MOST_CHARACTERS


def test_a_table_is_cut_after_whole_rows() -> None:
    """The head, so many rows as fit, and how many do not; nothing where no row fits."""
    part = Part("t", "| a |\n| --- |\n| 1 |\n| 2 |\n| 3 |\n| 4 |", is_folded=False)
    text = cut(part, 55)
    assert text == "| a |\n| --- |\n| 1 |\n| 2 |\n\n2 more lines in report.html."
    assert cut(part, 40) is None
    folded = cut(replace(part, is_folded=True), 110)
    assert folded is not None
    assert folded.startswith("<details><summary>t</summary>\n\n| a |")
    assert folded.endswith("in report.html.\n\n</details>")


def test_gates_come_first_the_worst_of_them_unfolded(results: Results) -> None:
    """Failed, missing, inconclusive; those that passed are folded away."""
    text = render(Findings(results, CostTable(), gates=gates.table()), "markdown")
    first, _, rest = text.partition("\n\n")
    assert first.startswith("**Gates: MISSING, 1 of 7 (2 failed, 1 inconclusive). No artefact is")
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    assert [row.split(" |")[0] for row in rows] == [
        *["| ✗ failed"] * 2,
        "| ! missing",
        "| ? inconclusive",
    ]
    assert "| noise-5dB, accent = south |" in rows[1]
    folded = text.partition("<summary>Checks of the gates that passed</summary>")[2]
    assert folded.partition("</details>")[0].count("| ✓ passed |") == 3


def test_all_gates_passed_is_one_line(results: Results) -> None:
    """Nothing is in the way: the table of the worst is not there."""
    table = gates.without("failed", "missing", "inconclusive")
    text = render(Findings(results, CostTable(), gates=table), "markdown")
    assert text.startswith("**Gates: PASSED, 3 of 3. No artefact")
    assert "✗ failed" not in text
