"""asrcompress cache: what finished pieces of audits are kept, and removing what nobody uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asrcompress.cli import options
from asrcompress.cli.options import Debug, Json, Quiet
from asrcompress.core.errors import InputError, one_line

if TYPE_CHECKING:
    from asrcompress.audit.keeping import KeptPiece

EXAMPLES = options.examples(
    "asrcompress cache list audit-quickstart",
    "asrcompress cache prune audit-quickstart --dry-run",
    "asrcompress cache prune /shared/cache --keep-used-by english --keep-used-by german",
)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    commands = typer.Typer(help=cache.__doc__, epilog=EXAMPLES, no_args_is_help=True)
    commands.command(name="list")(list_pieces)
    commands.command(name="prune")(prune)
    app.add_typer(commands, name="cache")


def cache() -> None:
    """List the finished pieces that audits keep, or remove those that nobody uses."""


def list_pieces(
    folder: Annotated[Path, typer.Argument(help="An audit's folder, or a cache.")],
    full: Annotated[bool, typer.Option("--full", help="Every piece, and what it is.")] = False,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """List what a cache holds, with its sizes."""
    from asrcompress.audit.keeping import cache_at, kept_in
    from asrcompress.audit.uses import PIECES_NAME
    from asrcompress.cli import console

    audits = [folder] if (folder / PIECES_NAME).is_file() else []
    kept = kept_in(cache_at(folder), audits)
    total = sum(piece.size_bytes for piece in kept.pieces)
    if as_json:
        rows = [_row(piece) for piece in kept.pieces]
        console.show_json(
            {
                "cache": str(kept.folder),
                "pieces": rows,
                "size_bytes": total,
                "unfinished_bytes": kept.unfinished_bytes,
            }
        )
        return
    console.show(_pieces_table(kept.pieces) if full else _kinds_table(kept.pieces))
    console.show_text(f"{_words_of(total)} in {kept.folder}")
    if kept.unfinished_bytes:
        console.show_text(f"{_words_of(kept.unfinished_bytes)} of it unfinished; prune removes it")


def prune(
    folder: Annotated[Path, typer.Argument(help="An audit's folder, or a cache.")],
    keep_used_by: Annotated[
        list[Path] | None,
        typer.Option("--keep-used-by", help="An audit's folder whose pieces stay; repeatable."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Keep nothing but what is named.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and do nothing.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Remove the pieces that none of the named audits uses, and what interrupted runs left.

    An audit's folder names itself. Pieces that a process works on stay. An audit that needs a
    removed piece makes it again.
    """
    from asrcompress.audit import keeping
    from asrcompress.audit.uses import PIECES_NAME
    from asrcompress.cli import console

    place, audits = keeping.cache_at(folder), list(keep_used_by or [])
    if not everything and (folder / PIECES_NAME).is_file():
        audits.append(folder)
    if not everything and not audits:
        raise InputError(
            "no audit named whose pieces stay",
            where=folder,
            next_step="name them with --keep-used-by, or add --all to remove everything",
        )
    found = keeping.prune(place, audits, is_trial=dry_run)
    if as_json:
        console.show_json(
            {
                "removed": [_row(piece) for piece in found.removed],
                "size_bytes": found.size_bytes,
                "kept": found.kept,
                "busy": found.busy,
                "dry_run": dry_run,
            }
        )
        return
    if found.removed:
        console.show(_kinds_table(found.removed))
    done = "would be removed" if dry_run else "removed"
    console.show_text(f"{_words_of(found.size_bytes)} {done}, {found.kept} pieces kept")
    if found.busy:
        console.say(f"{found.busy} pieces left: a process works on them", quiet=quiet)


def _row(piece: KeptPiece) -> dict[str, Any]:
    return {
        "kind": piece.kind,
        "key": piece.key,
        "size_bytes": piece.size_bytes,
        "what": piece.what,
    }


def _kinds_table(pieces: tuple[KeptPiece, ...]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table("kind", box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("pieces", justify="right")
    table.add_column("size", justify="right")
    for kind in dict.fromkeys(piece.kind for piece in pieces):
        sizes = [piece.size_bytes for piece in pieces if piece.kind == kind]
        table.add_row(kind, f"{len(sizes):,}", _words_of(sum(sizes)))
    return table


def _pieces_table(pieces: tuple[KeptPiece, ...]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table("kind", "key", box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("size", justify="right")
    table.add_column("what", overflow="fold")
    for piece in pieces:
        size = _words_of(piece.size_bytes)
        table.add_row(piece.kind, piece.key[:12], size, Text(one_line(piece.what or "-")))
    return table


def _words_of(size: float) -> str:
    """Bytes in words, by powers of 1000."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
