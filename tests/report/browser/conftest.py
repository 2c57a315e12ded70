"""One browser for all tests of pages, and the pages as files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable, Results
from asrcompress.report import render, render_artefact
from tests.report import artefacts, broken, wild
from tests.report.browser import hostile
from tests.report.browser.checks import gates, ledgers
from tests.report.browser.chromium import Chromium

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A running Chromium; the tests are skipped where there is none."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium here")
    running = Chromium.start(program, tmp_path_factory.mktemp("profile"))
    yield running
    running.stop()


@pytest.fixture(scope="package")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page with everything, a part of it, the same with hostile names, a model's, by name."""
    everything = _beside(wild.results())
    texts = {
        "part": render(_beside(_part(wild.results())), "html"),
        "everything": render(everything, "html"),
        "hostile": render(hostile.renamed(everything), "html"),
        "model": render_artefact(artefacts.adaptive(), "html"),
    }
    folder = tmp_path_factory.mktemp("pages")
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


def _beside(results: Results) -> Findings:
    """The results with what broke, gates and ledgers."""
    return Findings(
        results, CostTable(), broken.errors(), gates=gates(results), ledgers=ledgers(results)
    )


def _part(results: Results) -> Results:
    """One of the two models under the first ten conditions: all sections, a quarter of the rows."""
    artefacts = [row for row in results.artefacts if row.name.startswith("robust/")]
    conditions = results.conditions[:10]
    names = {row.name for row in artefacts}, {row.name for row in conditions}
    kept = [row for row in results.cells if row.artefact in names[0] and row.condition in names[1]]
    margins = [row for row in results.margins if row.artefact in names[0]]
    return results.model_copy(
        update={
            "artefacts": tuple(artefacts),
            "conditions": tuple(conditions),
            "cells": tuple(kept),
            "margins": tuple(margins),
        }
    )
