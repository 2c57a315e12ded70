"""Scoring hypotheses that other programs wrote, alone or against a baseline's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.core.corpus import BUNDLED, HUB_PREFIX, read_corpus
from asrcompress.core.cost import Sizes
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import STORED_HYPOTHESES, Decoding
from asrcompress.core.files import sha256_of_file, sha256_of_json
from asrcompress.core.results import CostTable
from asrcompress.core.rows import JSON_SUFFIXES, TABLE_SUFFIXES, has_suffix
from asrcompress.evaluate.hypotheses import Hypotheses
from asrcompress.evaluate.hypothesis_files import read_hypotheses, read_references
from asrcompress.evaluate.matrix import ArtefactNote, Matrix, Statistics
from asrcompress.evaluate.normalise import DEFAULT
from asrcompress.evaluate.run import Outcome
from asrcompress.evaluate.score import Reference, references_of, score_references
from asrcompress.evaluate.summary import clean_condition, sum_up

if TYPE_CHECKING:
    from asrcompress.evaluate.rescore import RescoreRequest

_UNKNOWN = "unknown"
_NOTE = "Scored from stored hypotheses: sizes, speed and decoding are not known."


def outcome_of_files(request: RescoreRequest) -> Outcome:
    """The hypotheses of the source, and of the baseline if there is one, scored and compared.

    Raises:
        InputError: a file cannot be used, or utterances have no hypothesis (strict).
        NothingToEvaluateError: not a single utterance to score.
    """
    corpus, corpus_sha256, references = _references(request)
    every = _hypotheses(request, corpus, corpus_sha256)
    notes = (_NOTE, *_strangers(every, references, strict=request.missing == "strict"))
    if request.missing == "present":
        every = _in_common(every)
    normaliser = request.normaliser or DEFAULT
    evaluations = {
        name: score_references(found, references, normaliser, request.missing)
        for name, found in every.items()
    }
    name = next(reversed(evaluations))
    condition = clean_condition(evaluations[name], corpus)
    matrix = Matrix(
        title=f"{name} on {corpus}",
        artefacts={artefact: ArtefactNote(compression=_UNKNOWN) for artefact in evaluations},
        conditions=(condition,),
        evaluations={(artefact, corpus): found for artefact, found in evaluations.items()},
        baseline=next(iter(evaluations)) if request.baseline is not None else None,
        notes=notes,
    )
    summary = sum_up(matrix, request.statistics(Statistics()))
    return Outcome(summary.results, CostTable(), tuple(evaluations.values()), summary.errors)


def _references(request: RescoreRequest) -> tuple[str, str, list[Reference]]:
    """The references with their name and hash: of the texts, and of the audio where it is known."""
    if request.corpus is None and not has_suffix(request.source, JSON_SUFFIXES):
        raise InputError(
            "hypotheses without references",
            where=request.source,
            next_step="give the references with corpus (--corpus)",
        )
    if request.corpus is not None and _is_corpus(request.corpus):
        corpus = read_corpus(request.corpus)
        return corpus.name, corpus.sha256(), references_of(corpus)
    place = Path(request.corpus or request.source)
    references = read_references(place)
    texts = [[reference.id, reference.text, reference.speaker] for reference in references]
    return place.stem, sha256_of_json(texts), references


def _is_corpus(place: str | Path) -> bool:
    """Whether it is read as a corpus with audio, and not as a file of texts."""
    name = str(place)
    if name == BUNDLED or name.startswith(HUB_PREFIX):
        return True
    return Path(place).is_dir() or has_suffix(Path(place), TABLE_SUFFIXES)


def _hypotheses(request: RescoreRequest, corpus: str, corpus_sha256: str) -> dict[str, Hypotheses]:
    """The baseline's first, then the source's, under names that differ."""
    sources = {request.source.stem: request.source}
    if request.baseline is not None:
        name = request.baseline.stem
        name = f"{name} (baseline)" if name in sources else name
        sources = {name: request.baseline, **sources}
    return {
        name: Hypotheses(
            model=str(path),
            model_sha256=sha256_of_file(path),
            corpus=corpus,
            corpus_sha256=corpus_sha256,
            decoding=Decoding(
                recogniser=STORED_HYPOTHESES,
                decoder=_UNKNOWN,
                device=_UNKNOWN,
                threads=None,
                batch_plan=_UNKNOWN,
            ),
            sizes=Sizes(),
            pred_texts=read_hypotheses(path),
        )
        for name, path in sources.items()
    }


def _strangers(
    every: Mapping[str, Hypotheses], references: Sequence[Reference], *, strict: bool
) -> list[str]:
    """A note for each file with hypotheses of no utterance in the references; strict: an error."""
    known = {reference.id for reference in references}
    notes = []
    for name, hypotheses in every.items():
        strangers = [identifier for identifier in hypotheses.pred_texts if identifier not in known]
        if strangers and strict:
            raise InputError(
                "hypotheses of no utterance in the references",
                where=hypotheses.model,
                got=f"{len(strangers)} of {len(hypotheses.pred_texts)}, first: {strangers[0]}",
                next_step="give the references of the same utterances, "
                "or choose what to do with missing (--missing present or all)",
            )
        if strangers:
            what = "hypothesis" if len(strangers) == 1 else "hypotheses"
            notes.append(f"Left out: {len(strangers)} {what} of {name} without a reference.")
    return notes


def _in_common(every: Mapping[str, Hypotheses]) -> dict[str, Hypotheses]:
    """Each with those utterances alone that all have, so that they can be compared."""
    common = set.intersection(*(set(found.pred_texts) for found in every.values()))
    return {
        name: found.model_copy(
            update={"pred_texts": {key: found.pred_texts[key] for key in sorted(common)}}
        )
        for name, found in every.items()
    }
