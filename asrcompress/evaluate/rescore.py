"""rescore: stored hypotheses under another normaliser, margin or breakdown; no model is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from asrcompress.core.comparison import Comparison
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.provenance import versions
from asrcompress.core.results import RESULTS_NAME, UTTERANCES_NAME, Results
from asrcompress.evaluate.groups import groups_of
from asrcompress.evaluate.hypotheses import Hypotheses
from asrcompress.evaluate.matrix import ArtefactNote, Cell, Matrix, Statistics
from asrcompress.evaluate.normalise import DEFAULT, normaliser_for
from asrcompress.evaluate.notes import notes_of
from asrcompress.evaluate.roll import Rolls
from asrcompress.evaluate.run import Outcome
from asrcompress.evaluate.score import Missing, Reference, check_missing, score_references
from asrcompress.evaluate.stored import Stored, read_stored
from asrcompress.evaluate.summary import sum_up
from asrcompress.evaluate.survey import facts_of

# What scoring depends on; the rest of the stored versions is of the recognition.
_OF_SCORING = ("asrcompress", "jiwer", "numpy", "scipy", "whisper-normalizer")


@dataclass(frozen=True, slots=True)
class RescoreRequest:
    """Stored hypotheses, and how to score them.

    source: a folder that evaluate or audit wrote, or a file of hypotheses: NeMo JSON Lines with
    pred_text, Kaldi text or sclite trn. corpus: the references of a file that has none, a file in
    one of these forms or any corpus. baseline: another file of hypotheses, to compare with.
    normaliser, margin, replicates, seed, by: None leaves what the folder was scored with, and
    takes the default for a file.

    Raises:
        InputError: an unknown normaliser or treatment of missing hypotheses, or a value out of
            its range.
    """

    source: Path
    corpus: str | Path | None = None
    baseline: Path | None = None
    missing: Missing = "strict"
    normaliser: str | None = None
    margin: float | None = None
    replicates: int | None = None
    seed: int | None = None
    by: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_missing(self.missing)
        normaliser_for(self.normaliser or DEFAULT)
        for name, least in (("margin", 0), ("replicates", 1), ("seed", 0)):
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise InputError(f"bad {name}", got=repr(value), expected=f"at least {least}")

    @property
    def folder(self) -> Path | None:
        """The results' folder, where the source is one or a file of one."""
        if self.source.is_dir():
            return self.source
        parent = self.source.parent
        is_part = self.source.name in (RESULTS_NAME, UTTERANCES_NAME)
        return parent if is_part and (parent / RESULTS_NAME).is_file() else None

    def statistics(self, before: Statistics) -> Statistics:
        """As asked for, else as before."""
        asked = {
            name: value
            for name in ("margin", "replicates", "seed", "by")
            if (value := getattr(self, name)) is not None
        }
        return replace(before, **asked)


def run(request: RescoreRequest) -> Outcome:
    """Score, compare and sum up again; the same source and request give the same outcome.

    A folder rescored as it was scored gives the same results.

    Raises:
        InputError: a file cannot be used, or utterances have no hypothesis (strict).
        NothingToEvaluateError: not a single utterance to score.
    """
    if not request.source.exists():
        raise InputError("no such file or folder", where=request.source)
    folder = request.folder
    if folder is None:
        from asrcompress.evaluate.rescore_files import outcome_of_files

        return outcome_of_files(request)
    _refuse_options_of_files(request)
    return _rescored(read_stored(folder), request)


def _refuse_options_of_files(request: RescoreRequest) -> None:
    """A results' folder has its references and its baseline."""
    given = [
        name
        for name, is_given in (
            ("corpus", request.corpus is not None),
            ("baseline", request.baseline is not None),
            ("missing", request.missing != "strict"),
        )
        if is_given
    ]
    if given:
        raise InputError(
            f"{given[0]} is for files of hypotheses",
            where=request.source,
            next_step="leave it out: this folder has its own references and baselines",
        )


def _rescored(stored: Stored, request: RescoreRequest) -> Outcome:
    before = _statistics(stored)
    statistics = request.statistics(before)
    as_stored = _matrix(stored, stored.evaluations)
    normaliser = request.normaliser or stored.results.normaliser
    again = {cell: _again(found, normaliser) for cell, found in stored.evaluations.items()}
    # What cannot be made again, such as how many utterances had no reference.
    rolls = Rolls()
    facts = {cell: facts_of(found, rolls) for cell, found in stored.evaluations.items()}
    known = set(notes_of(as_stored, facts, rolls, before.margin))
    notes = tuple(note for note in stored.results.notes if note not in known)
    matrix = replace(_matrix(stored, again), notes=notes)
    summary = sum_up(matrix, statistics)
    kept = {
        "artefacts": stored.results.artefacts,
        "published": stored.results.published,
        "versions": _versions(stored.results),
    }
    every = tuple(again.values())
    return Outcome(summary.results.model_copy(update=kept), stored.costs, every, summary.errors)


def _matrix(stored: Stored, evaluations: Mapping[Cell, Evaluation]) -> Matrix:
    return Matrix(
        title=stored.results.title,
        artefacts={
            row.name: ArtefactNote(row.compression, row.methods, row.sparsity, row.baseline)
            for row in stored.results.artefacts
        },
        conditions=stored.results.conditions,
        evaluations=evaluations,
    )


def _again(evaluation: Evaluation, normaliser: str) -> Evaluation:
    """The same hypotheses and references, scored after another normaliser."""
    references = [
        Reference(row.id, row.text, row.audio_filepath, row.duration_s, row.speaker, row.fields)
        for row in evaluation.utterances
    ]
    hypotheses = Hypotheses(
        model=evaluation.model,
        model_sha256=evaluation.model_sha256,
        corpus=evaluation.corpus,
        corpus_sha256=evaluation.corpus_sha256,
        decoding=evaluation.decoding,
        sizes=evaluation.sizes,
        pred_texts={row.id: row.pred_text for row in evaluation.utterances},
    )
    return score_references(hypotheses, references, normaliser)


def _statistics(stored: Stored) -> Statistics:
    """What the folder was scored with, as far as its comparisons tell; else the defaults."""
    defaults = Statistics(seed=stored.results.seed, by=_by(stored))
    found = next(iter(_comparisons(stored.results)), None)
    if found is None:
        return defaults
    return replace(defaults, margin=found.margin, replicates=found.replicates)


def _comparisons(results: Results) -> Sequence[Comparison]:
    return [cell.comparison for cell in results.cells if cell.comparison is not None]


def _by(stored: Stored) -> tuple[str, ...]:
    """The columns that were asked for; none where the groups are those found without asking."""
    groups = {(cell.artefact, cell.condition): cell.groups for cell in stored.results.cells}
    found = stored.evaluations.items()
    if all(groups_of(evaluation) == groups[cell] for cell, evaluation in found):
        return ()
    return tuple(dict.fromkeys(group.field for cell in groups.values() for group in cell))


def _versions(results: Results) -> dict[str, str]:
    now = versions()
    return {**results.versions, **{name: now[name] for name in _OF_SCORING if name in now}}
