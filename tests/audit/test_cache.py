"""One cache for several audits: nothing is made twice, nothing that is damaged is used."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from asrcompress.audit import plan_of, run
from asrcompress.audit.cache import Cache
from asrcompress.audit.locks import Locks
from asrcompress.audit.tasks import tasks_of
from asrcompress.core.errors import OutputError
from tests.audit.tiny_audits import CELLS, TASKS, asked, tiny_recipe

# Writes a line for each piece that is really made, by the functions that make them.
_COUNTING = """
import sys
from pathlib import Path
import asrcompress.compress, asrcompress.corrupt, asrcompress.evaluate
from asrcompress.audit import AuditRequest, run

recipe, output, cache, log = sys.argv[1:]

def counted(package, name, what):
    module = sys.modules[package]
    make = getattr(module, name)
    def made(*arguments, **options):
        found = make(*arguments, **options)
        with open(log, "a") as stream:
            stream.write(what(arguments) + "\\n")
        return found
    setattr(module, name, made)

counted("asrcompress.compress", "run", lambda a: f"artefact {a[0].output.name}")
counted("asrcompress.corrupt", "run", lambda a: f"corpus {a[0].output.name}")
counted("asrcompress.evaluate", "transcribe", lambda a: f"{a[0].model} {a[1].name}")
run(AuditRequest(recipe, output=Path(output), cache=Path(cache), threads=1, workers=1, jobs=0))
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_recipe(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def finished(recipe: Path) -> Path:
    folder = recipe.parent / "finished"
    run(asked(recipe, folder))
    return folder


def test_two_audits_at_once_on_one_cache_make_every_piece_once(
    recipe: Path, finished: Path, tmp_path: Path
) -> None:
    """Two processes with outputs of their own: 9 pieces made in all, both results the same."""
    log = tmp_path / "log"
    outputs = [tmp_path / "a", tmp_path / "b"]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", _COUNTING, str(recipe), str(one), str(tmp_path / "c"), str(log)]
        )
        for one in outputs
    ]
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    made = Counter(log.read_text().splitlines())
    assert len(made) == TASKS
    assert set(made.values()) == {1}
    for output in outputs:
        assert (output / "results.json").read_bytes() == (finished / "results.json").read_bytes()
        assert not (output / "cache").exists()
    lines = (outputs[0] / "utterances.jsonl").read_text().splitlines()
    for line in lines:  # audio in the shared cache is named by its whole path
        assert Path(json.loads(line)["audio_filepath"]).is_file()


def test_the_cache_may_be_anothers_audit(recipe: Path, finished: Path, tmp_path: Path) -> None:
    """What one audit has made, another takes."""
    outcome = run(asked(recipe, tmp_path / "out", cache=finished / "cache"))
    assert (outcome.cells_run, outcome.cells_cached) == (0, CELLS)


def test_a_folder_with_other_things_is_no_cache(recipe: Path, tmp_path: Path) -> None:
    """It is refused, and nothing is put into it."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("precious", encoding="utf-8")
    with pytest.raises(OutputError, match="not a cache"):
        run(asked(recipe, tmp_path / "out", cache=mine))
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _other_form(path: Path) -> None:
    path.write_text('{"made": "by another version"}\n', encoding="utf-8")


@pytest.mark.parametrize(
    ("pieces", "damage"),
    [
        ("cells/*.json", _cut),
        ("cells/*.json", _other_form),
        ("artefacts/*/asrcompress.json", _cut),
        ("artefacts/*/asrcompress.json", _other_form),
        ("corpora/*/corpus.json", _other_form),
    ],
)
def test_what_cannot_be_read_is_made_again(
    recipe: Path, finished: Path, pieces: str, damage: Callable[[Path], None]
) -> None:
    """Nothing is trusted for its name: the results are the same bytes as before, without a word."""
    before = (finished / "results.json").read_bytes()
    for path in (finished / "cache").glob(pieces):
        damage(path)
    assert run(asked(recipe, finished)).failures == ()
    assert (finished / "results.json").read_bytes() == before
    assert tasks_of(plan_of(asked(recipe, finished))) == ()


@pytest.mark.parametrize("pieces", ["artefacts/*/*.safetensors", "corpora/*/*/audio/**/*.flac"])
def test_a_changed_byte_is_found_before_use(
    recipe: Path, finished: Path, pieces: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A flipped bit of weights or audio that a cell is to be made with: made again, with a word."""
    before = (finished / "results.json").read_bytes()
    damaged = sorted((finished / "cache").glob(pieces))[0]
    whole = damaged.read_bytes()
    _flip(damaged)
    for path in (finished / "cache" / "cells").glob("*.json"):
        path.unlink()
    outcome = run(asked(recipe, finished))
    assert (outcome.failures, outcome.cells_run) == ((), CELLS)
    assert "damaged in the cache, and made again" in caplog.text
    assert damaged.read_bytes() == whole
    assert (finished / "results.json").read_bytes() == before


def test_leftovers_go_unless_somebody_works_on_them(tmp_path: Path) -> None:
    """What a killed process left is removed; what a living one writes is not."""
    cache = Cache(tmp_path)
    for folder in ("artefacts", "corpora", "cells"):
        (tmp_path / folder).mkdir()
    left = [
        tmp_path / "artefacts" / ".aa.partial-x",
        tmp_path / "corpora" / ".bb.partial-y",
        tmp_path / "cells" / ".cc.json.z",
    ]
    left[0].mkdir()
    left[1].mkdir()
    (left[1] / "audio").write_bytes(b"12345")
    left[2].write_text("{")
    with cache.locks.held("corpus-bb", lambda: None):
        assert cache.remove_leftovers() == 1
        assert [path.exists() for path in left] == [False, True, False]
    assert cache.remove_leftovers() == 5
    assert not left[1].exists()
    assert list((tmp_path / "locks").iterdir()) == []


def test_one_holds_a_lock_and_the_other_waits_until_it_is_free(tmp_path: Path) -> None:
    """Twenty times a counter is read and written by each of three; nothing is lost."""
    count = tmp_path / "count"
    count.write_text("0")
    waited: list[int] = []

    def work() -> None:
        for _ in range(20):
            with Locks(tmp_path / "locks").held("name", lambda: waited.append(1)):
                value = int(count.read_text())
                time.sleep(0.001)
                count.write_text(str(value + 1))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert int(count.read_text()) == 60
    assert waited


def test_measuring_is_alone_on_the_machine(tmp_path: Path) -> None:
    """Work of other kinds goes on side by side; what is measured waits for all of it."""
    locks = Locks(tmp_path)

    class NotNowError(Exception):
        pass

    def busy() -> None:
        raise NotNowError

    with locks.machine(busy, is_alone=False):
        with locks.machine(busy, is_alone=False):
            pass
        with pytest.raises(NotNowError), locks.machine(busy, is_alone=True):
            pass
    with (
        locks.machine(busy, is_alone=True),
        pytest.raises(NotNowError),
        locks.machine(busy, is_alone=False),
    ):
        pass
