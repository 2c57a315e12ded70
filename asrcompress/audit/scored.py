"""The hypotheses of an audit's cells, read from the cache and scored one cell at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.audit.cache import read_cached, remove
from asrcompress.audit.describe import Manifests, sizes_of_original
from asrcompress.audit.jobs import Cell, ConditionJob
from asrcompress.audit.pieces import corpus_of
from asrcompress.audit.plan import Plan
from asrcompress.core.corpus import Corpus
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.files import is_whole_json, read_json

if TYPE_CHECKING:
    from asrcompress.evaluate.normalise import Normaliser
    from asrcompress.evaluate.score import Reference

CORPUS_MARKER_NAME = "corpus.json"  # what corrupt writes beside its conditions
_REMEMBERED = 1 << 13  # normalised texts; those of a small corpus come again in every cell
Place = tuple[str, str]  # artefact and condition


@dataclass(frozen=True, slots=True)
class Heard:
    """A condition's corpus with every utterance, and those lost in corrupting, with the cause."""

    corpus: Corpus
    lost: Mapping[str, str]


def heard_under(plan: Plan, job: ConditionJob) -> Heard:
    """What was to be recognised under a condition."""
    corpus = corpus_of(plan, job)
    if job.condition.is_clean:
        return Heard(corpus, {})
    marker = read_json(plan.cache.corpus(job.key) / CORPUS_MARKER_NAME)
    bad = [row for condition in marker["conditions"] for row in condition["bad_files"]]
    written = {utterance.id: utterance for utterance in corpus.utterances}
    every = tuple(written.get(original.id, original) for original in plan.corpus.utterances)
    return Heard(Corpus(corpus.name, every), {row["id"]: row["cause"] for row in bad})


class CachedEvaluations(Mapping[Place, Evaluation]):
    """The evaluations of the cells that were run, by artefact and condition; nothing is held.

    Each one is scored when it is asked for, so go through them condition by condition: the
    references of the last condition are kept. A cell whose hypotheses cannot be read is missing
    from then on, and removed from the cache, so that it is run again.
    """

    def __init__(self, plan: Plan, manifests: Manifests, home: Path) -> None:
        """home: the folder that the audio's paths are relative to, where it is in it."""
        self._plan, self._manifests, self._home = plan, manifests, home
        unheard = {job.key for job in plan.missing_conditions()}
        self._cells = {
            (cell.artefact.name, cell.condition.condition.name): cell
            for cell in plan.cells
            if cell.condition.key not in unheard and is_whole_json(plan.cache.cell(cell.key))
        }
        self._normaliser = _remembering(plan.recipe.evaluate.normaliser)
        self._last: tuple[str, list[Reference], Mapping[str, str]] | None = None

    def __iter__(self) -> Iterator[Place]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)

    def __contains__(self, place: object) -> bool:
        return place in self._cells

    def __getitem__(self, place: Place) -> Evaluation:
        """The evaluation of a cell.

        Raises:
            KeyError: the cell was not run, or what is cached of it cannot be read.
            InputError: it has more bad files than the recipe allows.
        """
        cell = self._cells[place]
        scored = self._scored(cell)
        if scored is None:
            remove(self._plan.cache.cell(cell.key))
            del self._cells[place]
            raise KeyError(place)
        return scored

    def _scored(self, cell: Cell) -> Evaluation | None:
        from asrcompress.evaluate import Hypotheses
        from asrcompress.evaluate.score import score_references

        cached = read_cached(self._plan.cache.cell(cell.key), Hypotheses)
        if cached is None:
            return None
        references, lost = self._references(cell.condition)
        bad_files = {**lost, **cached.bad_files}
        self._check_bad(cell, bad_files)
        hypotheses = cached.model_copy(
            update={
                "bad_files": bad_files,
                "model": cell.artefact.model,
                "corpus": self._plan.corpus.name,
            }
        )
        return self._with_sizes(score_references(hypotheses, references, self._normaliser))

    def _references(self, job: ConditionJob) -> tuple[list[Reference], Mapping[str, str]]:
        """Of the condition's utterances, and the causes of those lost."""
        from asrcompress.evaluate.score import references_of

        if self._last is None or self._last[0] != job.key:
            self._last = None  # before the next ones are beside them
            heard = heard_under(self._plan, job)
            placed = [self._placed(one) for one in references_of(heard.corpus)]
            self._last = job.key, placed, heard.lost
        return self._last[1:]

    def _placed(self, reference: Reference) -> Reference:
        """Audio that the audit made is named relative to its folder, so that it can move."""
        path = None if reference.audio_filepath is None else Path(reference.audio_filepath)
        if path is None or not path.is_relative_to(self._home):
            return reference
        return replace(reference, audio_filepath=path.relative_to(self._home).as_posix())

    def _with_sizes(self, scored: Evaluation) -> Evaluation:
        """The original's zipped size is known from the artefacts made of it."""
        if scored.sizes.zipped_bytes is not None:
            return scored
        sizes = sizes_of_original(scored.model_sha256, self._manifests)
        return scored if sizes is None else scored.model_copy(update={"sizes": sizes})

    def _check_bad(self, cell: Cell, bad_files: Mapping[str, str]) -> None:
        """A cell made when more bad files were allowed does not slip through now."""
        allowed = self._plan.recipe.evaluate.max_bad_files
        if len(bad_files) > allowed:
            raise InputError(
                "audio that cannot be read",
                where=cell.condition.condition.name,
                got=f"{len(bad_files)} files, first: {next(iter(bad_files.values()))}",
                expected=f"at most {allowed}, the recipe's max_bad_files",
            )


def _remembering(name: str) -> Normaliser:
    """The normaliser, with a memory for the texts that come again."""
    from asrcompress.evaluate import normaliser_for

    known = normaliser_for(name)
    return replace(known, apply=lru_cache(maxsize=_REMEMBERED)(known.apply))
