"""Reports of hostile names and transcripts: nothing in a page, a table or a terminal acts."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
import soundfile

from tests.hostile.promises import (
    Outcome,
    Sandbox,
    check_outcome,
    raw_controls,
    run_quietly,
    snapshot,
)

PAYLOADS = {
    "script": "<script>alert(1)</script>",
    "end-of-script": "</script><script>alert(1)//",
    "end-of-style": "</style><style>*{background:url(//evil)}",
    "end-of-title": "</title><h1>evil</h1>",
    "image": "<img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)" x="',
    "attribute-single": "' onfocus='alert(1)' autofocus x='",
    "comment": "--><svg onload=alert(1)><!--",
    "template": "{{ 7*7 }}{% raw %}${7*7}",
    "entity": "&lt;script&gt;&#x3c;b&#x3e;",
    "address": "javascript:alert(1) http://evil.example/x www.evil.example",
    "formula": '=HYPERLINK("http://evil.example","x")',
    "formula-plus": "+1+cmd|'/c calc'!A1",
    "formula-minus": "-2+3",
    "formula-at": "@SUM(1+1)",
    "formula-tab": "\t=1+1",
    "formula-behind-a-quote": '",=1+1,"',
    "new-row": "x\nevil,=1+1\r\nevil2",
    "pipes": "a | b || c",
    "markdown-link": "[x](http://evil.example) ![y](http://evil.example/y.png)",
    "markdown-reference": "[x]: http://evil.example",
    "mention": "@everyone #1 @org/team GH-1 !1",
    "backticks": "```\ncode\n``` `x`",
    "heading": "# evil\n- [ ] x",
    "html-details": "</details></summary><b>",
    "command": "::set-output name=x::y\n/approve",
    "colours": "\x1b[31mred\x1b[0m\x1b]0;owned\x07\x1b[2J",
    "bells": "\x07\x08\x7f\x9b31m",
    "right-to-left": "\u202egpj.exe \u2066x\u2069 \u200f",
    "cdata": "]]><evil/><![CDATA[",
    "doctype": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    "not-xml": "\x00\x01\x0b\ufffe\uffff",
    "markup": "[red]evil[/red] [link=http://evil.example]x[/link]",
    "zalgo": "z" + "\u0335\u0321" * 200,
    "long": "evil" * 1000,
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "blank": "   ",
}
FORMATS = ("table", "html", "markdown", "csv", "figures", "json", "junit", "kaldi", "svg", "gates")


@pytest.fixture(scope="module")
def tame(good: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The reports of tame names: what hostile ones may not add to."""
    place = tmp_path_factory.mktemp("tame")
    folder = Path(shutil.copytree(good / "results", place / "results"))
    _rename(folder, "tame")
    return {style: run_quietly(_command(folder, style)).out for style in FORMATS}


def _command(folder: Path, style: str) -> list[object]:
    more = ["--groups", "--intervals", "--flips", "5"] if style == "table" else []
    return ["report", folder, "--format", style, *more]


def _rename(folder: Path, payload: str) -> None:
    """The payload in every name and text of a results folder."""
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    names = [row["name"] for row in results["artefacts"]]
    conditions = [row["name"] for row in results["conditions"]]
    new = {name: f"{payload}{index}" for index, name in enumerate([*names, *conditions])}
    results["title"] = payload
    results["notes"] = [payload]
    results["versions"] = {payload: payload}
    for row in results["artefacts"]:
        row.update(model=payload, compression=payload)
        row["decoding"].update(recogniser=payload, decoder=payload)
    for row in results["conditions"]:
        row.update(corpus=payload)
    for cell in results["cells"]:
        for group in cell["groups"]:
            group["field"] = payload
            group["value"] = f"{payload}{group['value']}"
    (folder / "results.json").write_text(json.dumps(_renamed(results, new)), encoding="utf-8")
    (folder / "errors.json").write_text(json.dumps(_errors(payload, new)), encoding="utf-8")


def _renamed(value: Any, new: dict[str, str]) -> Any:
    """Whole texts that are names, replaced wherever they stand."""
    if isinstance(value, dict):
        return {key: _renamed(inner, new) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, new) for inner in value]
    return new.get(value, value) if isinstance(value, str) else value


def _errors(payload: str, new: dict[str, str]) -> dict[str, Any]:
    baseline, artefact, condition = [*new.values()][:3]
    word = {"operation": "substitute", "reference": payload, "hypothesis": payload}
    flip = {"id": payload, "text": payload, "pred_text": payload, "errors": 1, "alignment": [word]}
    swap = {"reference": payload, "hypothesis": payload, "count": 2, "baseline_count": 0}
    cell = {
        "artefact": artefact,
        "condition": condition,
        "baseline": baseline,
        "flips_total": 1,
        "recoveries_total": 0,
        "flips": [flip],
        "confusions": [swap],
    }
    return {"schema_version": 1, "cells": [cell]}


def _report(sandbox: Sandbox, folder: Path, style: str) -> str:
    before = snapshot(sandbox.root)
    outcome = run_quietly(_command(folder, style))
    check_outcome(outcome, sandbox, before, codes=(0, 2))
    assert outcome.code == 0 or style in ("gates", "junit"), outcome.err
    return outcome.out if outcome.code == 0 else ""


class _Acting(HTMLParser):
    """Counts what can act in a page: elements, handlers, and addresses that are not the page's."""

    ELEMENTS = frozenset(
        [
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "link",
            "meta",
            "base",
            "form",
            "img",
            "input",
            "h1",
            "title",
            "foreignobject",
            "use",
            "template",
            "math",
            "b",
        ]
    )

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: Counter[str] = Counter()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in self.ELEMENTS:
            self.found[tag] += 1
        for name, value in attributes:
            self.found["handlers"] += name.startswith("on")
            is_address = name in ("href", "src", "action", "xlink:href", "srcdoc", "style", "data")
            self.found["addresses"] += is_address and not (value or "").startswith(("#", "data:"))


def _cells(text: str) -> Iterator[tuple[int, str]]:
    for number, row in enumerate(csv.reader(io.StringIO(text), strict=True)):
        for cell in row:
            yield number, cell


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", text) is not None


def _tokens(text: str) -> Counter[str]:
    """What a reader of CommonMark with GitHub's tables finds that acts."""
    from markdown_it import MarkdownIt

    found: Counter[str] = Counter()
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        for part in (token, *(token.children or ())):
            if part.type in ("link_open", "image", "fence", "code_block", "code_inline"):
                found[part.type] += 1
            if part.type in ("heading_open", "table_open", "th_open"):
                found[part.type] += 1
            if part.type in ("html_block", "html_inline"):
                found.update(re.findall(r"</?[a-zA-Z]+", part.content))
    return found


def _tags(document: str) -> Counter[str]:
    found = Counter(element.tag for element in Xml.fromstring(document).iter())
    for element in Xml.fromstring(document).iter():
        assert not any(name.startswith("on") for name in element.attrib), element.attrib
        assert "href" not in element.attrib, element.attrib
    return found


# The others go the same ways; a slow run tries them too.
_FIRST = ("script", "attribute", "formula", "new-row", "mention", "colours", "cdata", "not-xml")


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(text, id=name, marks=() if name in _FIRST else pytest.mark.slow)
        for name, text in PAYLOADS.items()
    ],
)
def test_reports_are_text(payload: str, sandbox: Sandbox, tame: dict[str, str]) -> None:
    """Every format of hostile results has the elements of tame ones, and no others."""
    folder = sandbox.copy("results")
    _rename(folder, payload)
    hostile = {style: _report(sandbox, folder, style) for style in FORMATS}
    assert raw_controls(hostile["table"]) == ""
    for style in ("html", "markdown", "junit", "svg", "kaldi"):
        found = raw_controls(hostile[style])
        assert not set(found) - {"\u200b", "\u200c", "\u200d"}, (style, ascii(found))
    assert _Acting(hostile["html"]).found == _Acting(tame["html"]).found
    assert _Acting(hostile["svg"]).found == _Acting(tame["svg"]).found
    _check_markdown(hostile["markdown"], tame["markdown"])
    for style in ("svg", "junit"):
        if tame[style]:
            assert _kinds(_tags(hostile[style])) == _kinds(_tags(tame[style]))
    for style in ("csv", "figures", "gates"):
        _check_csv(hostile[style], tame[style])
    assert hostile["kaldi"].count("\n") == tame["kaldi"].count("\n")
    json.loads(hostile["json"])


def _kinds(found: Counter[str]) -> set[str]:
    """Names are broken into more or fewer lines of a picture: elements of more kinds are new."""
    return set(found)


def _check_markdown(hostile: str, tame: str) -> None:
    found, expected = _tokens(hostile), _tokens(tame)
    allowed = {"<span", "</span"}  # the way that GitHub's manual writes a dollar
    differing = {key for key in found | expected if found[key] != expected[key]} - allowed
    assert not differing, {key: (found[key], expected[key]) for key in differing}
    for words in ("@everyone", "@org", "@SUM", "www.evil", "http://evil"):
        assert words not in hostile, words
    assert not re.search(r"^(/|::)", hostile, re.MULTILINE)


def _check_csv(hostile: str, tame: str) -> None:
    rows, expected = [*_cells(hostile)], [*_cells(tame)]
    assert len(rows) == len(expected)
    for _, cell in rows:
        assert not cell.lstrip().startswith(("=", "+", "-", "@")) or _is_number(cell), cell


def _evaluated(sandbox: Sandbox) -> Outcome:
    """An evaluation of recordings whose names, texts and speakers are the payloads."""
    corpus = sandbox.given / "hostile"
    corpus.mkdir()
    generator = np.random.default_rng(0)
    with (corpus / "manifest.jsonl").open("w", encoding="utf-8") as stream:
        for index, payload in enumerate(PAYLOADS.values()):
            samples = 0.1 * generator.standard_normal(4000)
            soundfile.write(corpus / f"{index}.wav", samples, 16_000)
            row = {"audio_filepath": f"{index}.wav", "id": f"{payload}{index}", "text": payload}
            stream.write(json.dumps({**row, "speaker": payload, "site": payload}) + "\n")
    command = ["evaluate", sandbox.copy("artefact"), corpus, "--baseline", sandbox.copy("model")]
    more = ["--no-cost", "--by", "site", "--replicates", "100", "-o", "out"]
    return run_quietly([*command, *more])


def test_hostile_recordings_from_end_to_end(sandbox: Sandbox) -> None:
    """Names and transcripts go through recognition into a folder, and none of its files acts."""
    before = snapshot(sandbox.root)
    outcome = _evaluated(sandbox)
    added = {name for name in snapshot(sandbox.root) if name not in before}
    assert outcome.code in (0, 4), outcome.err
    assert {name.split("/")[0] for name in added} <= {"given", "here"}
    assert raw_controls(outcome.out + outcome.err) == ""
    folder = sandbox.here / "out"
    page = _Acting((folder / "report.html").read_text(encoding="utf-8")).found
    assert page["handlers"] == page["addresses"] == page["img"] == page["iframe"] == 0
    assert page["h1"] == 1
    for name in ("cells.csv", "figures.csv"):
        text = (folder / name).read_text(encoding="utf-8")
        _check_csv(text, text)
    found = _tokens((folder / "report.md").read_text(encoding="utf-8"))
    assert found["link_open"] == found["image"] == found["<script"] == found["<img"] == 0
    again = run_quietly(["rescore", folder, "--normaliser", "none"])
    assert again.code in (0, 4), again.err
    assert raw_controls(again.out + again.err) == ""
