"""A training in words: what it heard, how long it took, and what it came to."""

from __future__ import annotations

from asrcompress.core.training_record import TrainingCorpus, TrainingRecord
from asrcompress.report.wording import (
    NOT_AVAILABLE,
    count_of,
    list_names,
    percent,
    short_count,
    times,
)

_HOUR_S = 3600.0
_FAR_FROM_TARGET = 0.05  # of the blocks' weights; trainings long enough end within 0.01


def audio_heard_s(record: TrainingRecord) -> float:
    """Seconds of audio over all steps and processes; a recording heard twice counts twice."""
    return record.steps_done * record.batch_s * record.processes


def training_s(record: TrainingRecord) -> float:
    """The steps' wall time, from their median; without loading, measuring and saving."""
    return record.steps_done * record.seconds_a_step


def parameters_ratio(record: TrainingRecord) -> float | None:
    """The blocks' parameters before / after; None where none are left."""
    before, after = record.block_parameters
    return before / after if after else None


def training_facts(record: TrainingRecord) -> dict[str, str]:
    """What is to be said of a training, by what it is about."""
    corpus = record.corpus
    found = {
        "method": record.method,
        "learned from": _corpus_words(corpus),
        "augmentation": corpus.augmentation or "none",
        "audio heard": _heard_words(record),
        "steps": f"{record.steps_done:,} of {record.steps_asked:,}: {record.stopped}",
        "time": _time_words(record),
        "device": f"{record.device}, {record.precision}",
    }
    if record.layers_kept:
        layers = list_names(map(str, record.layers_kept))
        noun = "layer" if len(record.layers_kept) == 1 else "layers"
        found["began as"] = f"{noun} {layers} of the original, counted from 1"
    found |= _ends(record)
    found["block parameters"] = _parameter_words(record)
    return found


def duration_words(duration_s: float) -> str:
    """A duration with its unit: 40.0 s, 3.5 min or 28.25 h."""
    if duration_s < 2 * 60:
        return f"{duration_s:.1f} s"
    if duration_s < 2 * _HOUR_S:
        return f"{duration_s / 60:.1f} min"
    return f"{duration_s / _HOUR_S:,.2f} h"


def final(record: TrainingRecord, name: str) -> float | None:
    """A curve's last measured value."""
    values = [value for value in record.curves.series.get(name, ()) if value is not None]
    return values[-1] if values else None


def significant(value: float | None) -> str:
    """A number with three digits, or n/a."""
    return NOT_AVAILABLE if value is None else f"{value:.3g}"


def _many(count: int, noun: str) -> str:
    """12,345 utterances."""
    return count_of(count, noun).replace(str(count), f"{count:,}", 1)


def _corpus_words(corpus: TrainingCorpus) -> str:
    words = [_many(corpus.utterances, "utterance")]
    words += [] if corpus.speakers is None else [_many(corpus.speakers, "speaker")]
    words += [duration_words(corpus.duration_s)]
    words += ["with transcripts" if corpus.transcripts else "no transcripts used"]
    return f"{corpus.name}, {list_names(words)}"


def _heard_words(record: TrainingRecord) -> str:
    heard_s = audio_heard_s(record)
    each = f"{record.batch_s:g} s a step"
    if record.processes > 1:
        each += f" in each of {record.processes} processes"
    words = f"about {heard_s:,.0f} s ({each})"
    if record.corpus.duration_s:
        words += f", {times(heard_s / record.corpus.duration_s)} the corpus"
    return words


def _time_words(record: TrainingRecord) -> str:
    return (
        f"{significant(record.seconds_a_step)} s a step (median), "
        f"{duration_words(training_s(record))} in all"
    )


def _ends(record: TrainingRecord) -> dict[str, str]:
    """Where the sparsity and the divergence ended; nothing where they were not measured."""
    found = {}
    sparsity, target = final(record, "expected_sparsity"), final(record, "target_sparsity")
    if sparsity is not None:
        found["sparsity"] = _sparsity_words(sparsity, target)
    held_out = _many(record.corpus.held_out, "held-out utterance")
    if record.divergence is None:
        found["divergence"] = "not measured: no held-out utterances"
    else:
        where = f"from the original, on {held_out}"
        found["divergence"] = f"{significant(record.divergence)} nats a frame {where}"
    return found


def _sparsity_words(sparsity: float, target: float | None) -> str:
    words = f"{percent(sparsity)} % of the blocks' weights expected to go"
    if target is None:
        return words
    words += f", target {percent(target)} %"
    if target - sparsity > _FAR_FROM_TARGET:
        words += ": the masks did not get there, and the rest was cut without being learned; "
        words += "train for more steps"
    return words


def _parameter_words(record: TrainingRecord) -> str:
    before, after = record.block_parameters
    words = f"{short_count(before)} -> {short_count(after)} in the transformer blocks"
    if before:
        words += f", {percent(after / before)} % left"
    ratio = parameters_ratio(record)
    return words if ratio is None else f"{words}, {times(ratio)} smaller"
