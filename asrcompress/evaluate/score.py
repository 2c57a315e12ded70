"""From hypotheses and references to an evaluation: counts per utterance, raw texts kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.core.registry import expected_one_of
from asrcompress.evaluate.counts import char_counts, word_counts
from asrcompress.evaluate.hypotheses import Hypotheses
from asrcompress.evaluate.normalise import DEFAULT, Normaliser, normaliser_for

NO_REFERENCE = "no reference text"
NO_HYPOTHESIS = "no hypothesis"

# What to do where an utterance has a reference and no hypothesis, as in Kaldi's compute-wer:
# strict is an error, present leaves it out, all counts every word of it as deleted.
Missing = Literal["strict", "present", "all"]


@dataclass(frozen=True, slots=True)
class Reference:
    """What was said, and what an evaluation keeps of the utterance beside it."""

    id: str
    text: str | None
    audio_filepath: str | None = None
    duration_s: float | None = None
    speaker: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


def score(
    hypotheses: Hypotheses,
    corpus: Corpus,
    normaliser: str | Normaliser = DEFAULT,
    missing: Missing = "strict",
) -> Evaluation:
    """Every utterance that has a reference, scored after the same normaliser on both sides.

    Utterances without a reference and bad files are listed as unscored with the reason; so are,
    if `missing` is present, those without a hypothesis. If it is all, whatever has no hypothesis
    for whatever reason counts as an empty one: its words are deletions.

    Raises:
        InputError: an utterance has neither a hypothesis nor a recorded cause (strict).
        NothingToEvaluateError: not a single utterance to score.
    """
    return score_references(hypotheses, references_of(corpus), normaliser, missing)


def score_references(
    hypotheses: Hypotheses,
    references: Sequence[Reference],
    normaliser: str | Normaliser = DEFAULT,
    missing: Missing = "strict",
) -> Evaluation:
    """As `score`, of texts alone."""
    check_missing(missing)
    known = normaliser if isinstance(normaliser, Normaliser) else normaliser_for(normaliser)
    if missing == "strict":
        _refuse_missing(hypotheses, references)
    unscored = {
        reference.id: why
        for reference in references
        if (why := _why_unscored(reference, hypotheses, missing)) is not None
    }
    rows = [
        _scored(reference, hypotheses.pred_texts.get(reference.id, ""), known)
        for reference in references
        if reference.id not in unscored
    ]
    if not rows:
        raise NothingToEvaluateError(
            "nothing to score",
            where=hypotheses.corpus,
            got=f"{len(unscored)} utterances, first: {next(iter(unscored.values()), 'none')}",
            next_step="add a text column or transcripts",
        )
    return Evaluation(
        model=hypotheses.model,
        model_sha256=hypotheses.model_sha256,
        corpus=hypotheses.corpus,
        corpus_sha256=hypotheses.corpus_sha256,
        normaliser=known.id,
        decoding=hypotheses.decoding,
        sizes=hypotheses.sizes,
        utterances=tuple(rows),
        unscored=unscored,
    )


def references_of(corpus: Corpus) -> list[Reference]:
    """The references of a corpus in its order, those without a text among them."""
    return [_reference(utterance) for utterance in corpus.utterances]


def referenced(corpus: Corpus) -> Corpus:
    """The corpus without the utterances that have no reference.

    Raises:
        NothingToEvaluateError: none has one.
    """
    kept = tuple(utterance for utterance in corpus.utterances if utterance.text is not None)
    if not kept:
        raise NothingToEvaluateError(
            "no reference texts",
            where=corpus.name,
            got=f"{len(corpus.utterances)} utterances without one",
            next_step="add a text column or transcripts",
        )
    return Corpus(corpus.name, kept)


def check_missing(missing: str) -> None:
    """Make sure that `missing` is one of the ways to treat missing hypotheses.

    Raises:
        InputError: it is none.
    """
    if missing not in get_args(Missing):
        expected = expected_one_of(missing, get_args(Missing))
        raise InputError("bad missing", got=repr(missing), expected=expected)


def _reference(utterance: Utterance) -> Reference:
    return Reference(
        id=utterance.id,
        text=utterance.text,
        audio_filepath=str(utterance.path.absolute()),
        duration_s=utterance.duration_s,
        speaker=utterance.speaker,
        fields=utterance.fields,
    )


def _refuse_missing(hypotheses: Hypotheses, references: Sequence[Reference]) -> None:
    wanted = [reference.id for reference in references if reference.text is not None]
    known = hypotheses.pred_texts.keys() | hypotheses.bad_files.keys()
    absent = [identifier for identifier in wanted if identifier not in known]
    if absent:
        raise InputError(
            "utterances without a hypothesis",
            where=hypotheses.model,
            got=f"{len(absent)} of {len(wanted)}, first: {absent[0]}",
            next_step="add them, or choose what to do with missing (--missing present or all)",
        )


def _why_unscored(reference: Reference, hypotheses: Hypotheses, missing: Missing) -> str | None:
    if reference.text is None:
        return NO_REFERENCE
    if reference.id in hypotheses.pred_texts or missing == "all":
        return None
    return hypotheses.bad_files.get(reference.id, NO_HYPOTHESIS)


def _scored(reference: Reference, pred_text: str, normaliser: Normaliser) -> UtteranceScore:
    text = reference.text or ""
    said, heard = normaliser(text), normaliser(pred_text)
    return UtteranceScore(
        id=reference.id,
        audio_filepath=reference.audio_filepath,
        duration_s=reference.duration_s,
        text=text,
        pred_text=pred_text,
        words=word_counts(said, heard),
        chars=char_counts(said, heard),
        speaker=reference.speaker,
        fields=dict(reference.fields),
    )
