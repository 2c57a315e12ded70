"""From hypotheses and references to an evaluation: counts per utterance, raw texts kept."""

from __future__ import annotations

from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.evaluate.counts import char_counts, word_counts
from asrcompress.evaluate.hypotheses import Hypotheses
from asrcompress.evaluate.normalise import DEFAULT, Normaliser, normaliser_for

NO_REFERENCE = "no reference text"


def score(
    hypotheses: Hypotheses, corpus: Corpus, normaliser: str | Normaliser = DEFAULT
) -> Evaluation:
    """Every utterance that has a reference, scored after the same normaliser on both sides.

    Utterances without a reference and bad files are listed as unscored with the reason.

    Raises:
        InputError: an utterance has neither a hypothesis nor a recorded cause (strict).
        NothingToEvaluateError: not a single utterance with both reference and hypothesis.
    """
    known = normaliser if isinstance(normaliser, Normaliser) else normaliser_for(normaliser)
    rows: list[UtteranceScore] = []
    unscored: dict[str, str] = {}
    for utterance in corpus.utterances:
        why = _why_unscored(utterance, hypotheses)
        if why is None:
            rows.append(_scored(utterance, hypotheses.pred_texts[utterance.id], known))
        else:
            unscored[utterance.id] = why
    if not rows:
        raise NothingToEvaluateError(
            "nothing to score",
            where=corpus.name,
            got=f"{len(unscored)} utterances without reference or audio",
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
            next_step="add a text column or transcripts; transcribe needs none",
        )
    return Corpus(corpus.name, kept)


def _why_unscored(utterance: Utterance, hypotheses: Hypotheses) -> str | None:
    if utterance.text is None:
        return NO_REFERENCE
    if utterance.id in hypotheses.pred_texts:
        return None
    if utterance.id in hypotheses.bad_files:
        return hypotheses.bad_files[utterance.id]
    raise InputError("no hypothesis for an utterance", where=utterance.id, got=hypotheses.model)


def _scored(utterance: Utterance, pred_text: str, normaliser: Normaliser) -> UtteranceScore:
    text = utterance.text or ""
    reference, hypothesis = normaliser(text), normaliser(pred_text)
    return UtteranceScore(
        id=utterance.id,
        audio_filepath=str(utterance.path.absolute()),
        duration_s=utterance.duration_s,
        text=text,
        pred_text=pred_text,
        words=word_counts(reference, hypothesis),
        chars=char_counts(reference, hypothesis),
        speaker=utterance.speaker,
        fields=dict(utterance.fields),
    )
