"""Imports point one way: cli -> audit -> {compress, corrupt, evaluate, report} -> core."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "asrcompress"
ROOMS = ("compress", "corrupt", "evaluate", "report")
MAY_IMPORT = {
    "core": {"core", "bundled"},
    "bundled": {"bundled"},
    **{room: {room, "core"} for room in ROOMS},
    "audit": {"audit", *ROOMS, "core"},
    "cli": {"cli", "audit", *ROOMS, "core"},
}
SLOW_TO_IMPORT = {
    *("torch", "transformers", "librosa", "optimum", "jiwer", "pyroomacoustics"),
    *("ray", "fsspec", "matplotlib"),
}
# Where classes of torch modules are defined; imported by others only where they are used.
TORCH_FOLDERS = {
    "core/checkpoint/slim",
    "compress/student",
    "compress/structured",
    "compress/traced",
    "compress/training",
}
CONSOLE_ONLY = {"typer": {"cli"}, "rich": {"cli", "report"}}


def _files() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    """A file imports only from the rooms below its own."""
    room = _room_of(path)
    for name in _imports(ast.parse(path.read_text(encoding="utf-8"))):
        parts = name.split(".")
        if parts[0] == "asrcompress" and len(parts) > 1:
            target = parts[1]
            assert target in MAY_IMPORT[room], f"{room} must not import {name}"
        if parts[0] in CONSOLE_ONLY:
            assert room in CONSOLE_ONLY[parts[0]], f"{parts[0]} in {room}"


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_slow_libraries_are_imported_where_used(path: Path) -> None:
    """No file imports torch and its kin when it is imported itself, but those of torch modules."""
    if path.parent.relative_to(PACKAGE).as_posix() in TORCH_FOLDERS:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in _imports(node):
                assert name.split(".")[0] not in SLOW_TO_IMPORT, f"{name} at the top of {path}"


@pytest.mark.parametrize("room", [*ROOMS, "core", "audit", "cli"])
def test_every_room_imports_without_torch(room: str) -> None:
    """Importing a room loads none of the slow libraries, and leaves the functions callable."""
    code = (
        f"import sys, asrcompress.{room}\n"
        "assert all(callable(getattr(asrcompress, name)) for name in asrcompress.__all__)\n"
        f"print(','.join(sorted(set(sys.modules) & {SLOW_TO_IMPORT!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_programs_help_loads_what_it_prints_with() -> None:
    """It is seen first and often: no room but the command line's, no models of data, no arrays."""
    code = (
        "import sys\n"
        "from asrcompress.cli.boundary import run\n"
        "code = run(['--help'])\n"
        "print(code, *sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    code_text, *loaded = done.stderr.split()
    assert (code_text, "rescore" in done.stdout) == ("0", True)
    rooms = {f"asrcompress.{room}" for room in (*ROOMS, "audit", "bundled")}
    assert set(loaded) & {*SLOW_TO_IMPORT, *rooms, "numpy", "pydantic", "yaml"} == set()


def test_the_programs_help_is_the_same_without_the_commands_options() -> None:
    """Leaving them out saves half of our own time, and nobody sees it."""
    from typer.testing import CliRunner

    from asrcompress.cli.app import build_app

    helps = [CliRunner().invoke(build_app(asked), ["--help"]).output for asked in (None, ())]
    assert helps[0] == helps[1]
    assert "asrcompress [OPTIONS] COMMAND" in helps[0]


def test_a_command_that_is_asked_for_has_its_options() -> None:
    """The words of the command line are what asks, wherever the command stands among them."""
    from typer.main import get_command

    from asrcompress.cli.app import build_app

    full, asked = (get_command(build_app(words)) for words in (None, ["-q", "rescore", "x"]))
    names = {name: [p.name for p in command.params] for name, command in full.commands.items()}
    found = {name: [p.name for p in command.params] for name, command in asked.commands.items()}
    assert found["rescore"] == names["rescore"]
    assert "normaliser" in found["rescore"]
    assert list(found) == list(names)
    assert all(params in ([], ["help"]) for name, params in found.items() if name != "rescore")
