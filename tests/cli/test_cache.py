"""cache list and prune: sizes as they are, and nothing removed that an audit still uses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from asrcompress.audit import plan_of, run
from asrcompress.audit.cache import Cache
from asrcompress.audit.tasks import tasks_of
from asrcompress.audit.uses import PIECES_NAME
from asrcompress.cli.boundary import run as run_program
from tests.audit.tiny_audits import asked, tiny_recipe


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_recipe(tmp_path_factory.mktemp("cli-cache"))


@pytest.fixture(scope="module")
def shared(recipe: Path) -> Path:
    """A cache with the pieces of two audits, whose folders lie beside it."""
    smaller = recipe.with_name("smaller.yaml")
    smaller.write_text(recipe.read_text().replace("  prune50: {prune: 0.5}\n", ""))
    louder = recipe.with_name("louder.yaml")
    louder.write_text(smaller.read_text().replace("snr_db: [10]", "snr_db: [0]"))
    cache = recipe.with_name("shared")
    for path in (smaller, louder):
        run(asked(path, path.with_suffix(""), cache=cache))
    return cache


def _listed(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    assert run_program(["cache", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def _counts(rows: list[dict]) -> dict[str, int]:
    kinds = [row["kind"] for row in rows]
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}


def _bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_list_has_every_piece_with_its_size_and_what_it_is(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two audits of 2 models under 2 conditions share one artefact and the clean cells."""
    found = _listed(capsys, "list", shared)
    assert _counts(found["pieces"]) == {"artefact": 1, "corpus": 2, "cell": 6}
    sizes = {kind: _bytes_of(shared / kind) for kind in ("artefacts", "corpora", "cells")}
    assert found["size_bytes"] == sum(sizes.values())
    corpora = sorted(row["what"] for row in found["pieces"] if row["kind"] == "corpus")
    assert corpora == ["corpus noise-0dB", "corpus noise-10dB"]
    mine = _listed(capsys, "list", shared.with_name("louder"))
    cells = {row["what"] for row in mine["pieces"] if row["kind"] == "cell"}
    assert f"{shared.with_name('model')} int8 under noise-0dB" in cells


def test_list_is_a_table_that_fits(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each kind; every piece with --full."""
    assert run_program(["cache", "list", str(shared)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"cell +6 +[\d.]+ kB", out)
    assert f"in {shared}" in out.replace("\n", "")
    assert run_program(["cache", "list", str(shared), "--full"]) == 0
    full = capsys.readouterr().out
    assert len(re.findall(r"^ *cell +[0-9a-f]{12} ", full, re.MULTILINE)) == 6


def test_prune_removes_what_the_named_audit_does_not_use(
    recipe: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """First only told, then done: the named audit is still whole, the other lacks its own pieces.

    A leftover goes as well; a link, what it leads to, and a piece that is being made stay.
    """
    outside = recipe.parent / "outside"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    (shared / "cells" / "link.json").symlink_to(outside / "precious")
    (shared / "corpora" / "link").symlink_to(outside)
    (shared / "artefacts" / ".aa.partial-1").mkdir()
    (shared / "artefacts" / ".aa.partial-1" / "half").write_bytes(b"1234567")
    smaller, louder = shared.with_name("smaller"), shared.with_name("louder")
    arguments = ("prune", shared, "--keep-used-by", louder)
    before = _bytes_of(shared)
    told = _listed(capsys, *arguments, "--dry-run")
    assert _bytes_of(shared) == before
    with Cache(shared).locks.held(f"cell-{'0' * 64}", lambda: None):
        busy = shared / "cells" / f"{'0' * 64}.json"
        busy.write_text("{}\n")
        done = _listed(capsys, *arguments)
        assert (done["busy"], busy.exists()) == (1, True)
    assert done["removed"] == told["removed"]
    assert _counts(done["removed"]) == {"corpus": 2, "cell": 3}  # the links among them
    assert done["size_bytes"] == told["size_bytes"] > 7
    assert (outside / "precious").read_text() == "mine"
    assert not (shared / "cells" / "link.json").is_symlink()
    assert not (shared / "artefacts" / ".aa.partial-1").exists()
    assert tasks_of(plan_of(asked(louder.with_suffix(".yaml"), louder, cache=shared))) == ()
    left = tasks_of(plan_of(asked(smaller.with_suffix(".yaml"), smaller, cache=shared)))
    assert [task.kind for task in left] == ["corpus", "cell", "cell"]


def test_an_audits_folder_keeps_its_own_pieces(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """prune of an audit after its recipe lost a condition: only that one's pieces go."""
    path = tmp_path / "tiny.yaml"
    path.write_text(recipe.read_text())
    output = tmp_path / "out"
    run(asked(path, output))
    path.write_text(recipe.read_text().replace("  int8: {bits: 8}\n", ""))
    run(asked(path, output))
    done = _listed(capsys, "prune", output)
    assert _counts(done["removed"]) == {"artefact": 1, "cell": 2}
    assert run(asked(path, output)).cells_run == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "{tmp}"], "not an audit's folder and not a cache"),
        (["list", "{tmp}/nowhere"], "no such folder"),
        (["prune", "{shared}"], "no audit named whose pieces stay"),
        (["prune", "{shared}", "--keep-used-by", "{tmp}"], "expected pieces.json in it"),
    ],
)
def test_mistakes_are_one_line_and_remove_nothing(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list, said: str
) -> None:
    """Exit code 2, and the cache as it was."""
    before = _bytes_of(shared)
    filled = [word.format(tmp=tmp_path, shared=shared) for word in arguments]
    assert run_program(["cache", *filled]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert _bytes_of(shared) == before


def test_a_list_of_pieces_that_names_other_places_reaches_nothing(
    tmp_path: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pieces.json from elsewhere can keep pieces, and never remove what is outside a cache."""
    audit = tmp_path / "audit"
    audit.mkdir()
    victim = tmp_path / "victim"
    (victim / "cells").mkdir(parents=True)
    (victim / "cells" / "thesis.json").write_text("{}")
    listed = {"schema_version": 1, "cache": str(victim), "pieces": []}
    (audit / PIECES_NAME).write_text(json.dumps(listed))
    assert run_program(["cache", "prune", str(audit)]) == 2
    assert "not a cache" in capsys.readouterr().err
    assert (victim / "cells" / "thesis.json").exists()
