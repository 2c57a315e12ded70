"""One browser for all tests of pages, and the pages as files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from asrcompress.core.findings import Findings
from asrcompress.core.results import CostTable
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
    """A page with everything, the same with hostile names, one of a model, by name."""
    results = wild.results()
    everything = Findings(
        results, CostTable(), broken.errors(), gates=gates(results), ledgers=ledgers(results)
    )
    texts = {
        "everything": render(everything, "html"),
        "hostile": render(hostile.renamed(everything), "html"),
        "model": render_artefact(artefacts.adaptive(), "html"),
    }
    folder = tmp_path_factory.mktemp("pages")
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}
