"""What an audit of 10 models x 20 compressions x 30 conditions x 100 h takes beside inference.

No model is run: cells hold made-up texts. The plan is of 36,000 recordings of 10 s, which are read
once. 6,000 cells of that many would take a day to make up, so those that are scored are of 20
utterances each, and a matrix that is a sixth as large is scored with 1,000 utterances a cell.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.simulated_audit import (
    Size,
    plan_in,
    write_cells,
    write_conditions,
    write_recipe,
)

pytestmark = pytest.mark.benchmark

WHOLE = Size(models=10, compressions=20, conditions=30, utterances=36_000)
FEW_UTTERANCES = Size(models=10, compressions=20, conditions=30, utterances=20, speakers=10)
FEW_CELLS = Size(models=10, compressions=10, conditions=10, utterances=1000)
_MEASURED = "import sys; from tests.benchmarks.test_scale import measured; measured(*sys.argv[1:])"


def test_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole plan: every recording hashed, then nothing read again, then with its cost."""
    recipe, output = write_recipe(tmp_path / "sim", WHOLE), tmp_path / "out"
    (output / "cache").mkdir(parents=True)
    time.sleep(2.5)  # so that the recordings are not new any more
    rows = [_measured(what, recipe, output) for what in ("plan", "plan", "dry run")]
    with capsys.disabled():
        _print("10 x 20 x 30 cells, 36,000 recordings of 10 s", rows)


@pytest.mark.parametrize(
    ("size", "shares"), [(FEW_UTTERANCES, (10, 3, 1)), (FEW_CELLS, (100, 10, 1))]
)
def test_assembling(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], size: Size, shares: tuple[int, ...]
) -> None:
    """More and more cells of the matrix are there; each time all of them are scored."""
    recipe, output = write_recipe(tmp_path / "sim", size), tmp_path / "out"
    plan = plan_in(recipe, output)
    write_conditions(plan)
    rows = []
    for share in shares:
        wanted = len(plan.cells) // share
        had = len(plan.cells) - len(plan.missing_cells())
        write_cells(plan, plan.missing_cells()[: wanted - had])
        rows.append({"cells": wanted, **_measured("assemble", recipe, output)})
    with capsys.disabled():
        _print(f"{size.utterances} utterances a cell", rows)
    shutil.rmtree(tmp_path / "out")


def measured(what: str, recipe: str, output: str) -> None:
    """Do one thing in this process, and print what it took as JSON."""
    from asrcompress.audit import plan_cost
    from asrcompress.audit.assemble import assemble
    from asrcompress.report import write

    begin_s = time.perf_counter()
    plan = plan_in(Path(recipe), Path(output))
    found: dict[str, Any] = {"what": what, "plan_s": time.perf_counter() - begin_s}
    found["files_hashed"] = plan.digests.reads
    begin_s = time.perf_counter()
    if what == "dry run":
        plan_cost(plan)
        found["cost_s"] = time.perf_counter() - begin_s
    elif what == "assemble":
        assembled = assemble(plan)
        found["assemble_s"] = time.perf_counter() - begin_s
        found["assembled_peak_mb"] = _peak_mb()
        write(Path(output), assembled.findings, assembled.lines)
        found["report_s"] = time.perf_counter() - begin_s - found["assemble_s"]
    found["peak_mb"] = _peak_mb()
    print(json.dumps(found))  # noqa: T201 - it is read by the process that asked


def _measured(what: str, recipe: Path, output: Path) -> dict[str, Any]:
    """What a process of its own measured."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, what, str(recipe), str(output)],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _print(title: str, rows: list[dict[str, Any]]) -> None:
    print(f"\n{title}")  # noqa: T201
    print("  ".join(f"{name:>17}" for name in rows[-1]))  # noqa: T201
    for row in rows:
        print("  ".join(f"{cell:>17}" for cell in _cells(row, list(rows[-1]))))  # noqa: T201


def _cells(row: dict[str, Any], names: list[str]) -> Iterator[str]:
    for name in names:
        value = row.get(name, "")
        yield f"{value:.1f}" if isinstance(value, float) else str(value)
