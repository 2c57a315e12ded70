"""What `corrupt` prints: the corpora written, or what was found of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asrcompress.cli import console

if TYPE_CHECKING:
    from rich.table import Table

    from asrcompress.corrupt import CorruptResult, VerifyResult


def show_corpora(result: CorruptResult, *, as_json: bool) -> None:
    """Print what was written, condition by condition."""
    rows: list[dict[str, Any]] = [
        {
            "condition": corpus.condition.name,
            "folder": str(corpus.folder),
            "utterances": corpus.utterances,
            "achieved_snr_db": corpus.achieved_snr_db,
            "achieved_snr_in": corpus.achieved_snr_in,
            "is_simulated": corpus.is_simulated,
            "bad_files": [{"id": bad.id, "cause": bad.cause} for bad in corpus.bad_files],
        }
        for corpus in result.corpora
    ]
    if as_json:
        console.show_json(rows)
        return
    table = _table("condition", "utterances", "achieved SNR dB", "sources", "bad files")
    for row in rows:
        achieved, place = row["achieved_snr_db"], row["achieved_snr_in"]
        where = "" if place in (None, "file") else f", {place.removeprefix('mixture ')}"
        table.add_row(
            row["condition"],
            str(row["utterances"]),
            f"{achieved[0]:.3f} .. {achieved[1]:.3f}{where}" if achieved else "-",
            "simulated" if row["is_simulated"] else "as given",
            str(len(row["bad_files"])),
        )
    console.show(table)


def show_checks(result: VerifyResult, *, as_json: bool) -> None:
    """Print what was found, condition by condition."""
    rows: list[dict[str, Any]] = [
        {
            "condition": check.name,
            "compared_with": check.compared_with,
            "files": check.files,
            "bad_files": check.bad_files,
            "clipped_samples": check.clipped,
            "worst_snr_error_db": check.worst_snr_error_db,
            "faults": [{"file": name, "fault": fault} for name, fault in check.faults],
        }
        for check in result.conditions
    ]
    if as_json:
        console.show_json(rows)
        return
    table = _table("condition", "files", "bad", "worst |dSNR| dB", "clipped", "compared with")
    for row in rows:
        error_db = row["worst_snr_error_db"]
        table.add_row(
            row["condition"],
            str(row["files"]),
            str(row["bad_files"]),
            "-" if error_db is None else f"{error_db:.4f}",
            str(row["clipped_samples"]),
            row["compared_with"],
        )
    console.show(table)


def _table(first: str, *others: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column(first, overflow="fold")  # a chain's name is long, and is a folder to find
    for heading in others:
        table.add_column(heading, justify="right")
    return table
