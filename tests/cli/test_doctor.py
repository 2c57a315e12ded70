"""The doctor on the command line: a table or JSON, and an exit code that tells of faults."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from asrcompress.audit import diagnose as diagnose_module
from asrcompress.cli.boundary import run
from asrcompress.core.diagnosis import Diagnosis
from asrcompress.core.machine import Gpu, Machine

MACHINE = Machine(
    cpu="Made-up 1000 with a name that is long enough to be broken over two lines of it",
    architecture="x86_64",
    physical_cores=None,
    usable_cores=4,
    isa=(),
    isa_readable=False,
    memory_bytes=None,
    gpus=(Gpu(name="Made-up GPU", memory_bytes=3 << 29, compute_capability="9.0"),),
)


def _doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys\n"
        "from asrcompress.cli.boundary import run\n"
        "code = run(['doctor', *sys.argv[1:]])\n"
        "slow = {'torch', 'transformers', 'scipy.signal'} & set(sys.modules)\n"
        "print(*sorted(slow), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_json_is_the_diagnosis() -> None:
    """On stdout, nothing else; found out without the slow libraries where there is no GPU."""
    done = _doctor("--json", OMP_NUM_THREADS="1")
    assert done.returncode == 0
    found = Diagnosis.model_validate_json(done.stdout)
    assert found.torch_threads == (1 if not found.machine.gpus else found.torch_threads)
    if not found.machine.gpus:
        assert done.stderr.strip() == ""


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """And the exit code of a fault."""
    assert run(["doctor", "--help"]) == 0
    out = capsys.readouterr().out
    assert "asrcompress doctor --json" in out
    assert "Exit code 3" in out


def test_the_keys_are_stable() -> None:
    """What scripts read by name."""
    assert list(Diagnosis.model_fields) == [
        "schema_version",
        "machine",
        "int8_kernels",
        "bf16_kernels",
        "torch_threads",
        "packages",
        "libsndfile",
        "audio_formats",
        "codecs",
        "tools",
        "energy",
        "meaning",
        "next_steps",
        "broken",
    ]


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(diagnose_module, "machine", lambda: MACHINE)
    monkeypatch.setattr(diagnose_module, "open_meter", lambda device: (None, f"no {device} meter"))
    return monkeypatch


def test_the_table_says_what_is_not_known(
    made_up: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unknown is not none."""
    assert run(["doctor"]) == 0
    captured = capsys.readouterr()
    lines = {" ".join(line.split()) for line in captured.out.splitlines()}
    assert lines >= {
        "cores an unknown number of physical, 4 usable",
        "8-bit 8-bit instructions unknown",
        "bfloat16 bfloat16 instructions unknown",
        "instructions could not be read",
        "memory unknown",
        "GPU Made-up GPU, 1.5 GiB, compute capability 9.0",
        "codec opus works",
        "cpu none: no cpu meter",
        "cuda:0 none: no cuda:0 meter",
    }
    assert captured.err == ""


def test_the_table_fits_80_columns(
    made_up: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Long lines go on below; none is cut, and commands stay whole."""
    from rich.console import Console

    from asrcompress.cli import console

    made_up.setattr(console, "results_console", lambda: Console(file=sys.stdout, width=80))
    assert run(["doctor"]) == 0
    out = capsys.readouterr().out
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "\N{HORIZONTAL ELLIPSIS}" not in out
    assert "of it (x86_64)" in " ".join(out.split())
    commands = [line.strip() for line in out.splitlines() if line.startswith("asrcompress ")]
    assert len(commands) == 2
    assert commands[0].endswith("-o SMALL")


def test_faults_are_errors(made_up: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each on stderr, exit code 3, and the findings all the same."""
    made_up.setattr(diagnose_module, "codec_faults", lambda: {"gsm": "no GSM", "mp3": None})
    assert run(["doctor", "--json"]) == 3
    captured = capsys.readouterr()
    assert captured.err == "error: gsm: no GSM\n"
    assert json.loads(captured.out)["broken"] == ["gsm: no GSM"]
