"""What the program promises for any input at all, and the place where hostile inputs are tried.

For every input: no traceback and no "internal error", the documented exit code, one clear line an
error, nothing executed, nothing written but the output asked for, and nothing half-written.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import shutil
import signal
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest

from asrcompress.cli.boundary import run
from tests.checkpoints import tiny_checkpoint
from tests.corpora import tiny_corpus

CANARY = "canary"  # what every payload that gets executed would create
LONGEST_RUN_S = 60  # a busy machine is slow; a pipe that is opened, or 10**9 layers, is endless
MOST_MEMORY_BYTES = 4 << 30  # beyond what the process has: a header must not make it allocate more
LONGEST_ERROR = 3000  # characters of one line; a screen holds some 4,000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of the command line left: its exit code and its two streams."""

    code: int
    out: str
    err: str

    @property
    def is_verdict(self) -> bool:
        """Whether the exit code tells what was found, not that something went wrong."""
        return self.code in (1, 4) or self.err.startswith("gates: ")

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.split("\n") if line.startswith("error: ")]


class Sandbox:
    """A folder with `given` for inputs, and `here`, the current folder, for an output `out`."""

    def __init__(self, root: Path, good: Path) -> None:
        self.root = root
        self.given = root / "given"
        self.here = root / "here"
        self.canary = root / CANARY
        self.good = good
        self.given.mkdir()
        self.here.mkdir()

    def copy(self, kind: str) -> Path:
        """A copy of a good input: model, artefact, corpus, results."""
        place = self.given / kind
        shutil.copytree(self.good / kind, place)
        return place

    def write(self, name: str, content: str | bytes) -> Path:
        """A file among the inputs."""
        path = self.given / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


Make = Callable[[Sandbox], Sequence[object]]


@dataclass(frozen=True, slots=True)
class Case:
    """One hostile input: `make` writes it and gives the command line.

    codes: the exit codes that are right for it. said: what the error line has to name. errors: how
    many lines of error, one for each mistake.
    """

    name: str
    make: Make
    codes: tuple[int, ...] = (2,)
    said: tuple[str, ...] = ()
    errors: int = 1

    def __str__(self) -> str:
        return self.name


def named(cases: Sequence[Case]) -> list[pytest.param]:  # type: ignore[valid-type]
    """The cases as parameters of a test, no name twice."""
    names = [case.name for case in cases]
    assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
    return [pytest.param(case, id=case.name) for case in cases]


def make_good(root: Path) -> Path:
    """Good inputs to spoil: a model, an artefact of it, a corpus, and results."""
    tiny_checkpoint(root / "model", "wav2vec2-layer-norm")
    tiny_corpus(root / "corpus", speakers=2, each=1)
    model, corpus = str(root / "model"), str(root / "corpus")
    compared = ["--baseline", model, "--no-cost", "--by", "speaker", "--replicates", "100"]
    for arguments in (
        ["compress", model, "--bits", "8", "--no-zip", "-o", str(root / "artefact")],
        ["evaluate", str(root / "artefact"), corpus, *compared, "-o", str(root / "results")],
    ):
        outcome = run_quietly(arguments)
        assert outcome.code == 0, outcome.err
    return root


def run_quietly(arguments: Sequence[object]) -> Outcome:
    """The command line in this process, its streams apart, bounded in time and memory."""
    out, err = io.StringIO(), io.StringIO()
    with _bounded(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Outcome(code, out.getvalue(), err.getvalue())


def hold_promises(case: Case, sandbox: Sandbox) -> Outcome:
    """Try a case and make sure that every promise is kept."""
    arguments = case.make(sandbox)
    before = snapshot(sandbox.root)
    outcome = run_quietly(arguments)
    check_outcome(outcome, sandbox, before, codes=case.codes)
    if outcome.code != 0 and not outcome.is_verdict:
        assert len(outcome.errors) == case.errors, outcome.err
        for words in case.said:
            assert any(words in line for line in outcome.errors), outcome.err
    return outcome


def check_outcome(
    outcome: Outcome, sandbox: Sandbox, before: dict[str, object], *, codes: Sequence[int]
) -> None:
    """The promises that hold for any input whatever."""
    assert "Traceback" not in outcome.err, outcome.err
    assert "error: internal error" not in outcome.err, outcome.err
    assert outcome.code in codes, (outcome.code, outcome.err[-2000:])
    assert not os.path.lexists(sandbox.canary), "a payload was executed"
    after = snapshot(sandbox.root)
    allowed = "here/out" if outcome.code == 0 else "\0"
    changed = {name for name in before if after.get(name) != before[name]}
    added = {n for n in after if n not in before and not (n + "/").startswith(allowed + "/")}
    assert not changed, f"inputs changed: {sorted(changed)[:5]}"
    assert not {n for n in added if n != allowed}, f"files left: {sorted(added)[:5]}"
    assert raw_controls(outcome.err) == "", ascii(outcome.err[-2000:])
    if outcome.code != 0 and not outcome.is_verdict:
        assert outcome.errors, outcome
        assert outcome.err.rstrip("\n").split("\n")[-1] == outcome.errors[-1], outcome.err
        for line in outcome.errors:
            assert len(line) <= LONGEST_ERROR, (len(line), line[:300])


def raw_controls(text: str) -> str:
    """The characters of a text that steer a terminal, or turn the order of what follows."""
    return "".join(
        char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs") and char != "\n"
    )


def snapshot(root: Path) -> dict[str, object]:
    """Every path below a folder, with what tells that it was changed."""
    found: dict[str, object] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            content = (status.st_size, status.st_mtime_ns) if name in files else ()
            found[os.path.relpath(path, root)] = (status.st_mode, *content)
    return found


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """An endless run fails, and so does one that takes gigabytes."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"still running after {LONGEST_RUN_S} s")

    old_limits = resource.getrlimit(resource.RLIMIT_AS)
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + MOST_MEMORY_BYTES, old_limits[1]))
    old = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_RUN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
        resource.setrlimit(resource.RLIMIT_AS, old_limits)
