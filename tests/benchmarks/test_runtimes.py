"""Every way to run a recogniser with fewer bits on this machine's processor, beside PyTorch.

    pytest -n 0 -m benchmark -s tests/benchmarks/test_runtimes.py

Checkpoints with random weights in four layouts; each is made once for PyTorch, optimum-quanto, ONNX
Runtime, OpenVINO with NNCF and CTranslate2 as their documentation says, and with asrcompress. All
models of a layout are timed in turns in one process, the model alone, and the shortest call counts.
"round" is PyTorch's median round over its shortest: above 1.1, others used the machine.

The roofline is what the processor would take if it did nothing but multiply and add, at the rate of
its fastest large product in the same process. The environment can make a quick run:
ASRCOMPRESS_BENCH_LAYOUTS, _BATCHES, _SECONDS, _CONTENDERS (comma-separated), _ROUNDS, _SHAPE_S,
_LONGEST_S (of one call of PyTorch; what would take longer is left out, and said so) and _THREADS.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asrcompress.core.machine import machine
from tests.benchmarks.contenders import CONTENDERS, TORCH
from tests.benchmarks.in_turns import Found, Settings, make_all, named, read, time_all
from tests.benchmarks.layouts import LAYOUTS, counted_by_torch, multiply_accumulates

pytestmark = pytest.mark.benchmark

ROOFLINE_SHAPE = (1, 10.0)
_FLOAT_ERROR = 1e-3  # of the logits' root mean square: float32 in another order of additions


def _setting(name: str, default: str) -> str:
    return os.environ.get(f"ASRCOMPRESS_BENCH_{name}", default)


def _listed(name: str, default: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in _setting(name, default).split(","))


def _settings() -> Settings:
    return Settings(
        batches=tuple(int(one) for one in _listed("BATCHES", "1,8")),
        durations_s=tuple(float(one) for one in _listed("SECONDS", "3,10,30")),
        rounds=int(_setting("ROUNDS", "5")),
        shape_s=float(_setting("SHAPE_S", "45")),
        longest_s=float(_setting("LONGEST_S", "20")),
        threads=int(_setting("THREADS", "2")),
        contenders=_listed("CONTENDERS", ",".join(CONTENDERS)),
    )


@pytest.mark.parametrize("layout", _listed("LAYOUTS", ",".join(LAYOUTS)))
def test_runtimes(layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times are printed; asserted is that what computes in float32 gives PyTorch's logits."""
    settings = _settings()
    (tmp_path / "openvino").mkdir()
    _alone(make_all, layout, tmp_path, settings)
    _alone(time_all, tmp_path, settings)
    found = read(tmp_path)
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *_table(layout, found, settings), ""]))
        sys.stdout.write("\n".join([*_roofline(layout, found), ""]))
    for name, error in found.errors.items():
        if CONTENDERS[name].form == "float32":
            assert error < _FLOAT_ERROR, name


@pytest.mark.parametrize("layout", LAYOUTS)
def test_multiply_accumulates(layout: str) -> None:
    """What is counted from the layers' shapes is what torch counts while it computes."""
    ours, theirs = (count(layout, 160_000) for count in (multiply_accumulates, counted_by_torch))
    assert ours == pytest.approx(theirs, rel=1e-3)


def _alone(work: Callable[..., None], *given: Any) -> None:
    """In a process of its own: nothing of it is left in memory."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=given)
    process.start()
    process.join()
    assert process.exitcode == 0, f"{work.__name__}{given}"


def _table(layout: str, found: Found, settings: Settings) -> list[str]:
    """A row a contender, a column a shape: milliseconds, and PyTorch's time over its own."""
    shapes = [named(*shape) for shape in settings.shapes if named(*shape) in found.times]
    best = {
        shape: {name: min(times) for name, times in found.times[shape].items()} for shape in shapes
    }
    lines = [
        f"{layout}, {settings.threads} threads, {machine().line}",
        f"{'ms, x faster than torch fp32':32}"
        + "".join(f"{shape:>18}" for shape in shapes)
        + f"{'logits':>9}{'made':>7}",
    ]
    for name in settings.contenders:
        if name in found.absent:
            lines.append(f"{name:32}  n/a: {found.absent[name]}")
            continue
        cells = [
            f"{1e3 * best[shape][name]:9.0f} {best[shape][TORCH] / best[shape][name]:7.2f}x"
            for shape in shapes
        ]
        error = f"{100 * found.errors[name]:.2f} %" if name in found.errors else ""
        lines.append(f"{name:32}{''.join(cells)}{error:>9}{found.made_s[name]:5.0f} s")
    lines += _ratios(best, found)
    median = [statistics.median(found.times[s][TORCH]) / best[s][TORCH] for s in shapes]
    lines.append(f"{'round':32}" + "".join(f"{one:17.2f}x" for one in median))
    skipped = [f"{s} left out: {why}" for s, why in found.absent.items() if s not in CONTENDERS]
    return lines + skipped


def _ratios(best: dict[str, dict[str, float]], found: Found) -> list[str]:
    """The fastest rival's time over ours, of the same form and of all; above 1, ours is faster."""
    lines = []
    forms = dict.fromkeys(CONTENDERS[name].form for name in CONTENDERS)
    for title, chosen in [*((form, {form}) for form in forms), ("all", set(forms))]:
        sides = [
            [
                n
                for n in CONTENDERS
                if CONTENDERS[n].is_ours == ours and CONTENDERS[n].form in chosen
            ]
            for ours in (True, False)
        ]
        cells = []
        for times in best.values():
            ours, rivals = ([(times[n], n) for n in side if n in times] for side in sides)
            if ours and rivals:
                cells.append(f"{min(rivals)[0] / min(ours)[0]:17.2f}x")
        if cells:
            lines.append(f"{f'fastest rival / ours, {title}':32}" + "".join(cells))
    fastest = [
        min((t, n) for n, t in times.items() if not CONTENDERS[n].is_ours)
        for times in best.values()
    ]
    lines.append("fastest rivals: " + ", ".join(dict.fromkeys(name for _, name in fastest)))
    return lines


def _roofline(layout: str, found: Found) -> list[str]:
    """How far from the processor's limit PyTorch and the fastest of ours are."""
    batch, seconds = ROOFLINE_SHAPE
    times = found.times.get(named(*ROOFLINE_SHAPE))
    count = batch * multiply_accumulates(layout, round(seconds * 16_000))
    lines = [
        f"roofline at {named(*ROOFLINE_SHAPE)}: {count / 1e9:.1f} G multiply-accumulates; "
        f"float32 {found.float32_rate / 1e9:.0f} G/s, at least {count / found.float32_rate:.3f} s; "
        f"8 bits {found.int8_rate / 1e9:.0f} G/s ({found.int8_library}), "
        f"at least {count / found.int8_rate:.3f} s"
    ]
    for name, taken in (times or {}).items():
        rate = found.float32_rate if CONTENDERS[name].form == "float32" else found.int8_rate
        if name == TORCH or CONTENDERS[name].is_ours:
            lines.append(f"  {name:32} {min(taken) * rate / count:5.2f}x its bound")
    return lines
