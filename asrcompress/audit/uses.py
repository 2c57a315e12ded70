"""Which pieces of a cache an audit uses: kept beside its results, so that others can be removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from asrcompress.audit.cache import remove
from asrcompress.audit.plan import Plan
from asrcompress.audit.speed import options_of_recipe, speed_key
from asrcompress.audit.tasks import Kind, task_id
from asrcompress.core.errors import AsrcompressError, InputError
from asrcompress.core.files import read_json, write_json
from asrcompress.core.manifest import read_manifest

PIECES_NAME = "pieces.json"
UNFINISHED = ".training"  # behind an artefact's key: what its training goes on from


class Piece(BaseModel):
    """A finished piece, or one that is to be: what makes it, its key, and it for a reader."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    key: str
    what: str

    @property
    def task(self) -> str:
        """The id of the task that makes it."""
        return task_id(self.kind, self.key)


class PieceTable(BaseModel):
    """The whole of pieces.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    cache: str
    pieces: tuple[Piece, ...]


def pieces_of(plan: Plan) -> tuple[Piece, ...]:
    """Every piece that the plan uses, each once, whether it is there or not."""
    return tuple({piece.task: piece for piece in _pieces(plan)}.values())


def write_pieces(folder: Path, plan: Plan) -> None:
    """Keep a plan's pieces in an audit's folder."""
    table = PieceTable(cache=str(plan.cache.folder.absolute()), pieces=pieces_of(plan))
    write_json(folder / PIECES_NAME, table.model_dump(mode="json"))


def read_pieces(folder: Path) -> PieceTable:
    """What an audit's folder says that it uses.

    Raises:
        InputError: it says nothing, or nothing that can be understood.
    """
    path = folder / PIECES_NAME
    try:
        return PieceTable.model_validate(read_json(path))
    except ValidationError as error:
        raise InputError(
            "not an audit's list of pieces",
            where=path,
            got=error.errors()[0]["msg"],
            next_step="run the audit again",
        ) from None


def remove_pieces(plan: Plan) -> int:
    """Remove the plan's pieces from the cache, but for those that a process is making now.

    Returns:
        How many there were.
    """
    removed = 0
    for piece in pieces_of(plan):
        path = plan.cache.piece(piece.kind, piece.key)
        with plan.cache.locks.if_free(piece.task) as is_free:
            if is_free:
                removed += path.exists()
                for one in (path.with_name(f"{piece.key}{UNFINISHED}"), path):
                    remove(one)
    return removed


def remove_unreadable(plan: Plan) -> None:
    """Remove folders of the plan whose description cannot be read, so that they are made again."""
    for piece in pieces_of(plan):
        path = plan.cache.piece(piece.kind, piece.key)
        reads = _READS.get(piece.kind)
        if reads is None or not path.is_dir():
            continue
        try:
            reads(path)
        except AsrcompressError:
            with plan.cache.locks.if_free(piece.task) as is_free:
                if is_free:
                    remove(path)


def _read_corpus(folder: Path) -> None:
    from asrcompress.corrupt.marker import read_marker

    read_marker(folder)


_READS: dict[Kind, Callable[[Path], object]] = {
    "artefact": read_manifest,
    "corpus": _read_corpus,
    "calibration": _read_corpus,
}


def _pieces(plan: Plan) -> Iterator[Piece]:
    calibration = plan.listening.calibration
    for condition, key in calibration.noisy if calibration else ():
        yield Piece(kind="calibration", key=key, what=condition.name)
    for artefact in plan.artefacts:
        if not artefact.is_original:
            what = f"{artefact.model} {artefact.compression}"
            yield Piece(kind="artefact", key=artefact.key, what=what)
    for job in plan.conditions:
        if not job.condition.is_clean:
            what = f"{plan.corpus.name} {job.condition.name}"
            yield Piece(kind="corpus", key=job.key, what=what)
    for cell in plan.cells:
        model = cell.artefact
        what = f"{model.model} {model.compression} under {cell.condition.condition.name}"
        yield Piece(kind="cell", key=cell.key, what=what)
    yield from _measurements(plan)


def _measurements(plan: Plan) -> Iterator[Piece]:
    options = options_of_recipe(plan.recipe)
    if options is not None:
        what = ", ".join(job.name for job in plan.artefacts)
        yield Piece(kind="speed", key=speed_key(plan, options), what=what)
    elif plan.recipe.evaluate.measure_cost:
        for job in plan.artefacts:
            what = f"{job.model} {job.compression}"
            yield Piece(kind="cost", key=plan.cost_key(job), what=what)
