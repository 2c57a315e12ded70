"""Figures as files: what is drawn is what was measured, whatever the names are."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from asrcompress.core.errors import InputError, OutputError
from asrcompress.core.findings import Findings
from asrcompress.core.ledger_table import ledger_table
from asrcompress.core.results import CostTable, Results
from asrcompress.report.figure_data import figures_of
from asrcompress.report.figure_files import pictures_of, write_figures
from asrcompress.report.pareto_data import fronts_of
from asrcompress.report.pictures import heatmap, layers, pareto, wer
from asrcompress.report.pictures._picture import Picture, file_name, short_names, with_own_names
from asrcompress.report.pictures._render import drawn, rendered
from asrcompress.report.pictures._style import look_of
from asrcompress.report.view import View, build_view
from tests.report import artefacts

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
HOSTILE = (
    "x$^{2}_\\frac$",
    "</text><script>alert(1)</script>&",
    "../../etc/passwd",
    "한국어 日本語 العربية \U0001f600",
    "a\nb\x00c\x1b[31m\u202e",
)


@pytest.fixture
def view(wild_results: Results) -> View:
    return build_view(Findings(wild_results))


@pytest.fixture
def found(results: Results, costs: CostTable) -> Findings:
    """One model, five artefacts, with speed."""
    return Findings(results, costs)


@pytest.fixture
def small(found: Findings) -> View:
    return build_view(found)


def _plotted(figure: Figure) -> list[Line2D]:
    return [line for line in figure.axes[0].get_lines() if line.get_label() != "front"]


def _xs(line: Line2D) -> list[float]:
    return [float(x) for x in np.asarray(line.get_xdata(), dtype=float)]


def _ys(line: Line2D) -> list[float]:
    return [float(y) for y in np.asarray(line.get_ydata(), dtype=float)]


def _bars(figure: Figure) -> list[tuple[float, float]]:
    """The ends of the intervals, in the order in which they were drawn."""
    found = [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]
    return [(s[0][1], s[1][1]) for c in found for s in c.get_segments()]


def test_wer_lines_are_the_figures_points(view: View) -> None:
    """Every line of every figure of the page, with its rates and both ends of its intervals."""
    pairs = list(zip(figures_of(view), wer.pictures(view), strict=True))
    assert len(pairs) == 26  # two models: 5 series of SNRs and 1 of rooms, twice; 1 of both
    for data, picture in pairs:
        lines = [line for line in data.lines if line.points]
        with drawn(picture) as figure:
            rates = [y for line in _plotted(figure) for y in _ys(line)]
            legend = [text.get_text() for text in figure.legends[0].get_texts()]
            bars = _bars(figure)
            ticks = [text.get_text() for text in figure.axes[0].get_xticklabels()]
        points = [point for line in lines for point in line.points]
        assert rates == pytest.approx([100 * point.wer for point in points])
        known = [point.interval for point in points if point.interval]
        assert bars == [pytest.approx((100 * i.low, 100 * i.high)) for i in known]
        assert legend == [line.name for line in lines]
        assert ticks == [tick.label for tick in data.ticks]


def test_a_line_stands_at_its_tick(small: View) -> None:
    """12.5 % at 10 dB; lines at one place are beside each other, nearer than to the next place."""
    (picture,) = [row for row in wer.pictures(small) if row.name == "wer-by-snr-babble"]
    with drawn(picture) as figure:
        fp32_clean, fp32, *_ = _plotted(figure)
        middle = [_xs(line)[2] for line in _plotted(figure)[1::2]]
    assert _ys(fp32_clean) == [4.0]  # apart: it has no noise
    assert _ys(fp32) == pytest.approx([5.0, 7.0, 12.5, 27.5, 55.0])
    assert len(set(middle)) == 5
    assert max(abs(x - 3) for x in middle) <= 0.25


def test_pareto_points_are_the_fronts(small: View) -> None:
    """Each artefact's value and WER, filled where it is on the front; the steps go through them."""
    pairs = list(zip(fronts_of(small), pareto.pictures(small), strict=True))
    assert {picture.name for _, picture in pairs} == {
        "pareto-size-clean",
        "pareto-speed-clean",
        "pareto-size-noise-0db",
        "pareto-speed-noise-0db",
    }
    for front, picture in pairs:
        with drawn(picture) as figure:
            marks = _plotted(figure)
            steps = [row for row in figure.axes[0].get_lines() if row.get_label() == "front"]
            bars = _bars(figure)
        places = [(_xs(mark)[0], _ys(mark)[0]) for mark in marks]
        assert places == [(point.value, 100 * point.wer) for point in front.points]
        hollow = [mark.get_markerfacecolor() == "white" for mark in marks]
        assert hollow == [not point.is_on_front for point in front.points]
        assert len(bars) == len(front.points)
        corners = list(zip(_xs(steps[0]), _ys(steps[0]), strict=True))
        assert all((point.value, 100 * point.wer) in corners for point in front.members)


def test_the_heat_map_has_every_cell(small: View) -> None:
    """10 conditions x 5 artefacts, the colours and texts of the rates; 4 artefacts compared."""
    rates, differences = heatmap.pictures(small)
    with drawn(rates) as figure:
        (mesh,) = [c for c in figure.axes[0].collections if isinstance(c, QuadMesh)]
        colours = mesh.get_array()
        texts = [text.get_text() for text in figure.axes[0].texts]
    expected = [[100 * (c.words.rate or 0) for c in row.cells if c] for row in small.conditions]
    assert colours is not None
    assert [list(row) for row in colours] == [pytest.approx(row) for row in expected]
    assert texts[:2] == ["4.0", "3.6\u20134.4"]  # 96 / 2400 in the clean, and its interval
    assert len(texts) == 2 * 50
    with drawn(differences) as figure:
        texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[0] == "+0.04 \u2713"  # one error more in 2400 words: within the margin
    assert len(texts) == 2 * 40


def test_a_cell_that_was_not_run_is_empty(results: Results) -> None:
    fewer = results.model_copy(update={"cells": results.cells[1:]})
    picture = next(heatmap.pictures(build_view(Findings(fewer))))
    with drawn(picture) as figure:
        (mesh,) = [c for c in figure.axes[0].collections if isinstance(c, QuadMesh)]
        assert mesh.get_array().mask.sum() == 1  # type: ignore[union-attr]
        assert figure.axes[0].texts[0].get_text() == "\u2013"


def test_many_artefacts_are_several_heat_maps(results: Results) -> None:
    """25 artefacts: 12, 12 and 1 of the rates, so that the numbers in them can be read."""
    first, others = results.artefacts[0], results.artefacts[1:]
    many = [first] + [
        others[0].model_copy(update={"name": f"form{n}", "baseline": "fp32"}) for n in range(24)
    ]
    cells = [
        cell.model_copy(update={"artefact": row.name})
        for row in many
        for cell in results.cells
        if cell.artefact == "int8"
    ]
    wide = results.model_copy(update={"artefacts": tuple(many), "cells": tuple(cells)})
    found = list(with_own_names(heatmap.pictures(build_view(Findings(wide)))))
    assert [row.name for row in found[:3]] == ["heatmap", "heatmap-2", "heatmap-3"]
    assert [round(row.size_in[0], 2) for row in found[:3]] == [7.16, 7.16, 3.5]


def test_bits_and_zeros_by_block(results: Results) -> None:
    """The blocks' means from the ledgers; zeros only where something was pruned."""
    made = {"int8": artefacts.mixed(), "prune30": artefacts.adaptive()}
    view = build_view(Findings(results, ledgers=ledger_table(made)))
    found = list(layers.pictures(view))
    assert {row.name for row in found} == {"bits-by-layer", "sparsity-by-layer"}
    summaries = [view.layer_summaries[0], view.layer_summaries[1]]
    assert [row.artefact for row in summaries] == ["int8", "prune30"]
    bits = [row for row in found if row.name == "bits-by-layer"]
    drawn_bits = [line for row in bits for line in _lines_of(row)]
    assert drawn_bits == [pytest.approx([b.bits for b in row.blocks]) for row in summaries]
    zeros = [line for row in found if row.name == "sparsity-by-layer" for line in _lines_of(row)]
    pruned = [row for row in summaries if any((b.sparsity or 0) >= 0.01 for b in row.blocks)]
    assert pruned
    for row in pruned:
        assert pytest.approx([100 * (block.sparsity or 0) for block in row.blocks]) in zeros


def _lines_of(picture: Picture) -> list[list[float]]:
    with drawn(picture) as figure:
        lines = [_ys(line) for line in _plotted(figure)]
    return [[y for y in line if not math.isnan(y)] for line in lines]


def test_files_have_the_size_of_a_column(found: Findings, small: View, tmp_path: Path) -> None:
    """PNG at 300 dots an inch, one column wide; SVG well-formed, its text as text."""
    names = write_figures(tmp_path / "figures", found)
    listed = json.loads((tmp_path / "figures" / "figures.json").read_text())["figures"]
    assert [name for row in listed for name in row["files"]] == list(names)
    assert {*names, "figures.json"} == {path.name for path in (tmp_path / "figures").iterdir()}
    sizes = {picture.name: picture.size_in for picture in pictures_of(small)}
    for name in names:
        content, stem = (tmp_path / "figures" / name).read_bytes(), Path(name).stem
        if name.endswith(".png"):
            assert content.startswith(PNG_HEAD)
            across, down = struct.unpack(">II", content[16:24])
            assert (across / 300, down / 300) == pytest.approx(sizes[stem], abs=0.01)
        else:
            assert "WER" in _svg_text(content) or "zero" in _svg_text(content)
    assert {round(size[0], 2) for size in sizes.values()} == {3.5, 7.16}


def _svg_text(content: bytes) -> str:
    root = ElementTree.fromstring(content)
    return " ".join(text for text in root.itertext() if text.strip())


def test_the_same_bytes_each_time(small: View) -> None:
    """No date, no random identifiers."""
    picture = next(wer.pictures(small))
    once, again = (rendered(picture, ("svg", "png")) for _ in range(2))
    assert once == again
    assert b"<dc:date>" not in once["svg"]


def test_a_users_own_style_changes_nothing(small: View, monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl

    picture = next(pareto.pictures(small))
    before = rendered(picture, ("svg",))
    with mpl.rc_context({"font.size": 30.0, "svg.fonttype": "path", "axes.grid": True}):
        assert rendered(picture, ("svg",)) == before


def test_looks_differ_without_their_colours() -> None:
    """Every line has another pair of marker and dash, for 40 lines; and no two looks are equal."""
    assert len({(look_of(n).marker, look_of(n).dashes) for n in range(40)}) == 40
    assert len({look_of(n) for n in range(280)}) == 280


def _renamed(results: Results, names: Callable[[str], str]) -> Results:
    """The results with other names of artefacts and conditions, everywhere."""
    text = results.model_dump_json()
    found = json.loads(text)
    known = {row["name"] for row in (*found["artefacts"], *found["conditions"])}

    def renew(value: object) -> object:
        if isinstance(value, dict):
            return {key: renew(item) for key, item in value.items()}
        if isinstance(value, list):
            return [renew(item) for item in value]
        return names(value) if isinstance(value, str) and value in known else value

    return Results.model_validate(renew(found))


@pytest.mark.parametrize("hostile", [*HOSTILE, "long " * 200], ids=range(6))
def test_hostile_names_stay_names(results: Results, tmp_path: Path, hostile: str) -> None:
    """No formula, no markup, no path, no broken picture; and no warning, which would fail this."""
    results = results.model_copy(update={"conditions": results.conditions[:3]})
    renamed = _renamed(results, lambda name: f"{hostile}{name}")
    made = ledger_table({f"{hostile}int8": artefacts.mixed()})
    names = write_figures(tmp_path / "figures", Findings(renamed, ledgers=made))
    assert len(names) >= 6
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-") for name in names)
    assert max(map(len, names)) < 100
    assert [path.name for path in tmp_path.iterdir()] == ["figures"]
    for path in (tmp_path / "figures").glob("*.svg"):
        nodes = list(ElementTree.fromstring(path.read_bytes()).iter())
        assert not {node.tag.rpartition("}")[2] for node in nodes} & {
            "script",
            "a",
            "foreignObject",
        }
        assert not any(name.startswith("on") for node in nodes for name in node.attrib)
    if "$" in hostile:
        assert "x$^{2}_\\frac$" in _svg_text((tmp_path / "figures" / "heatmap.svg").read_bytes())


def test_names_of_files_are_told_apart_everywhere() -> None:
    """One case, no marks, nothing that ends a path, and hashes for other scripts."""
    assert file_name("wer-by-snr", "Noise (type Babble)") == "wer-by-snr-noise-type-babble"
    assert file_name("pareto-size", "../CON") == "pareto-size-con"
    assert file_name("a", "") == "a"
    korean, chinese = file_name("a", "한국어"), file_name("a", "中文")
    assert len({korean, chinese, "a"}) == 3
    assert len(file_name("a", "b" * 300)) <= 80
    assert file_name("a", "b" * 300) != file_name("a", "b" * 301)


def test_names_in_legends_are_told_apart() -> None:
    """Two names that are the same once cut have a number; line breaks are spaces."""
    first, second = "model/" + "x" * 60 + "a" * 20, "model/" + "x" * 61 + "a" * 20
    assert short_names([first, second, "a\nb"], 24) == [
        "model/xxxxx\u2026" + "a" * 11,
        "model/xxx\u2026" + "a" * 9 + " (2)",
        "a b",
    ]


def test_an_existing_folder_is_kept(found: Findings, tmp_path: Path) -> None:
    """Refused without overwrite; our own is replaced as a whole; another's never."""
    clean = found.results.model_copy(update={"conditions": found.results.conditions[:1]})
    only = replace(found, results=clean)
    write_figures(tmp_path / "ours", found, ("svg",))
    before = {path.name for path in (tmp_path / "ours").iterdir()}
    with pytest.raises(OutputError, match="output exists"):
        write_figures(tmp_path / "ours", only, ("svg",))
    assert {path.name for path in (tmp_path / "ours").iterdir()} == before
    write_figures(tmp_path / "ours", only, ("svg",), overwrite=True)
    assert "wer-by-snr-babble.svg" not in {path.name for path in (tmp_path / "ours").iterdir()}
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "figures.json").write_text('{"figures": []}')
    with pytest.raises(OutputError, match="asrcompress did not make"):
        write_figures(tmp_path / "theirs", only, ("svg",), overwrite=True)


def test_nothing_is_left_of_pictures_that_failed(
    found: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk at the third file: one error, no folder."""
    counted: Iterator[int] = iter(range(100))
    write_bytes = Path.write_bytes

    def fail_at_the_third(path: Path, data: bytes) -> int:
        if next(counted) == 2:
            raise OSError(28, "No space left on device")
        return write_bytes(path, data)

    monkeypatch.setattr(Path, "write_bytes", fail_at_the_third)
    with pytest.raises(OutputError, match="No space left on device"):
        write_figures(tmp_path / "figures", found, ("svg",))
    assert list(tmp_path.iterdir()) == []


def test_results_without_cells_have_no_figures(results: Results, tmp_path: Path) -> None:
    empty = results.model_copy(update={"cells": (), "conditions": ()})
    with pytest.raises(InputError, match="nothing to draw"):
        write_figures(tmp_path / "figures", Findings(empty))
    assert list(tmp_path.iterdir()) == []
