"""A small real audit that is run as a command, to be killed, starved and started again.

The recogniser and the recordings are those that ship with the program: 3 artefacts under 3
conditions, 6 recordings.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asrcompress
from asrcompress.audit.soundness import is_sound_artefact, is_sound_corpus

RESULTS = ("utterances.jsonl", "cells.csv", "errors.json", "ledgers.json", "results.json")
ARTEFACTS, CORPORA, CELLS = 2, 2, 9  # the original and clean speech are there already
PATIENCE_S = 240.0  # for what takes seconds on a machine that does nothing else
_RECORDINGS = 6
_BUNDLED = Path(asrcompress.__file__).parent / "bundled" / "corpus"
_RECIPE = """\
title: Small
models: {{words: "bundled:model"}}
compressions:
  fp32: {{}}
  int8: {{bits: 8}}
  prune30: {{prune: 0.3}}
corpus: {corpus}
conditions:
  noise: {{snr_db: [10, 0]}}
evaluate: {{measure_cost: false, replicates: 200}}
"""


def small_recipe(folder: Path) -> Path:
    """The recipe's file, with its list of recordings beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    lists = [path.read_text(encoding="utf-8") for path in sorted(_BUNDLED.glob("*.jsonl"))]
    rows = [json.loads(line) for text in lists for line in text.splitlines()]
    chosen = [{**row, "audio_filepath": str(_BUNDLED / row["audio_filepath"])} for row in rows]
    lines = [json.dumps(row) + "\n" for row in chosen[:: len(chosen) // _RECORDINGS][:_RECORDINGS]]
    (folder / "corpus.jsonl").write_text("".join(lines), encoding="utf-8")
    recipe = folder / "small.yaml"
    recipe.write_text(
        _RECIPE.format(corpus=json.dumps(str(folder / "corpus.jsonl"))), encoding="utf-8"
    )
    return recipe


def command(*arguments: object) -> list[str]:
    """The installed command with arguments; where there is none, the module."""
    installed = Path(sys.executable).with_name("asrcompress")
    first = [str(installed)] if installed.is_file() else [sys.executable, "-m", "asrcompress"]
    return [*first, *map(str, arguments)]


def audit_command(recipe: Path, output: Path, *options: object) -> list[str]:
    """To audit with one thread, so that tests do not take the machine for themselves."""
    small = ("--threads", 1, "--workers", 1, "--device", "cpu")
    return command("audit", recipe, "-o", output, *small, *options)


@dataclass
class Run:
    """A command that runs in a session of its own: everything that it starts is known by that."""

    process: subprocess.Popen[str]

    @classmethod
    def start(
        cls, arguments: list[str], environment: Mapping[str, str] | None = None, **options: Any
    ) -> Run:
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        started = cls(
            subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                env={**os.environ, **threads, **(environment or {})},
                **options,
            )
        )
        _STARTED.append(started)
        return started

    @staticmethod
    def end_all() -> None:
        """End whatever was started and not waited for."""
        for run in _STARTED:
            if not run.is_over:
                run.send(signal.SIGKILL, to="group")
                run.process.communicate()
        _STARTED.clear()

    @property
    def is_over(self) -> bool:
        return self.process.poll() is not None

    def members(self) -> list[int]:
        """The processes of the session that are alive."""
        return [pid for pid, session in _sessions() if session == self.process.pid]

    def others(self) -> list[int]:
        """Those that the command has started."""
        return [pid for pid in self.members() if pid != self.process.pid]

    def send(self, number: signal.Signals, *, to: str) -> int:
        """Signal the whole group, the parent alone, or one of the others; how many got it."""
        found = {"group": self.members(), "parent": [self.process.pid]}.get(to, self.others()[:1])
        for pid in found:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        return len(found)

    def end(self) -> tuple[int, str, str]:
        """Wait for it: exit status, stdout and stderr."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err

    def outlived_by(self, within_s: float = 15.0) -> list[int]:
        """The processes that are there when the parent has been gone for so long."""
        deadline_s = time.monotonic() + within_s
        while (left := self.others()) and time.monotonic() < deadline_s:
            time.sleep(0.05)
        return left


_STARTED: list[Run] = []


def until(look: Callable[[], object], run: Run) -> bool:
    """Wait until a look finds something; False where the run ended before."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not look():
        if run.is_over:
            return bool(look())
        assert time.monotonic() < deadline_s, "nothing happened in time"
        time.sleep(0.01)
    return True


def finished_pieces(cache: Path) -> dict[str, int]:
    """How many pieces of each kind have their names in a cache."""
    kinds = ("artefacts", "corpora", "cells")
    return {kind: len([*(cache / kind).glob("[!.]*")]) for kind in kinds}


def phase_of(folder: Path) -> str:
    """What an audit of this folder is at, or is to go on with."""
    if not (folder / "pieces.json").is_file():
        return "planning"
    found = finished_pieces(folder / "cache")
    if found["artefacts"] < ARTEFACTS:
        return "compressing"
    if found["corpora"] < CORPORA:
        return "corrupting"
    return "recognising" if found["cells"] < CELLS else "scoring"


def results_of(folder: Path) -> dict[str, bytes]:
    """The files whose bytes are the same for the same audit."""
    return {name: (folder / name).read_bytes() for name in RESULTS}


def faults_in(folder: Path, expected: Mapping[str, bytes]) -> list[str]:
    """Everything in an audit's folder that is half-written or not what it is to be."""
    if not folder.is_dir():
        return []
    return [*_unreadable(folder), *_unsound(folder), *_different(folder, expected)]


def leftovers_in(folder: Path) -> list[str]:
    """What a finished audit has no use for; the lock of a folder stays."""
    hidden = [path for path in folder.rglob(".*") if path.name != ".lock"]
    beside = [*folder.parent.glob(f".{folder.name}.*")]
    locks = [path for path in folder.glob("cache/locks/*") if not path.name.startswith("machine-")]
    failures = [*folder.glob("cache/failures/*")]
    return [str(path) for path in (*hidden, *beside, *locks, *failures)]


def _unreadable(folder: Path) -> Iterator[str]:
    for path in _shown(folder):
        try:
            if path.suffix == ".json":
                json.loads(path.read_bytes())
            elif path.suffix == ".jsonl":
                _ = [json.loads(line) for line in path.read_bytes().splitlines()]
            elif path.suffix == ".csv":
                widths = {
                    len(row) for row in csv.reader(path.read_text(encoding="utf-8").splitlines())
                }
                if len(widths) != 1:
                    yield f"rows of different lengths: {path}"
        except ValueError as error:
            yield f"{error}: {path}"


def _unsound(folder: Path) -> Iterator[str]:
    for kind, is_sound in (("artefacts", is_sound_artefact), ("corpora", is_sound_corpus)):
        for place in (folder / "cache" / kind).glob("[!.]*"):
            if not is_sound(place):
                yield f"not whole: {place}"


def _different(folder: Path, expected: Mapping[str, bytes]) -> Iterator[str]:
    """With results.json all files are there, of the same run; with all cells they are known."""
    if not (folder / "results.json").is_file():
        return
    cells = len(json.loads((folder / "results.json").read_bytes())["cells"])
    for name, content in expected.items():
        path = folder / name
        if not path.is_file():
            yield f"missing beside results.json: {path}"
        elif cells == CELLS and path.read_bytes() != content:
            yield f"other bytes: {path}"
    if (folder / "cells.csv").read_text(encoding="utf-8").count("\n") != cells + 1:
        yield f"not the cells of results.json: {folder / 'cells.csv'}"


def _shown(folder: Path) -> Iterator[Path]:
    """The files none of whose folders is hidden: those that have their own names."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            yield path


def _sessions() -> Iterator[tuple[int, int]]:
    """Each living process with the id of its session, as Linux lists them."""
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session, *_ = place.read_text().rpartition(")")[2].split()
        except (OSError, ValueError):  # it has ended meanwhile
            continue
        if state not in ("Z", "X"):
            yield int(place.parent.name), int(session)
