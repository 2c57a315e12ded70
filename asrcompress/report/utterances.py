"""utterances.jsonl: every utterance of every cell, one a line, in NeMo's manifest form."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.core.results import Results

Evaluations = Mapping[tuple[str, str], Evaluation]  # by (artefact, condition)


def utterance_lines(results: Results, evaluations: Evaluations) -> Iterator[str]:
    """The lines, in the results' order of cells, whatever the order of the mapping.

    Raises:
        ValueError: an evaluation belongs to no cell of the results.
    """
    keys = [(cell.artefact, cell.condition) for cell in results.cells]
    if strangers := set(evaluations) - set(keys):
        raise ValueError(f"evaluations of no cell: {sorted(strangers)}")
    for artefact, condition in keys:
        if evaluation := evaluations.get((artefact, condition)):
            for score in evaluation.utterances:
                record = utterance_record(score, artefact=artefact, condition=condition)
                yield json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def utterance_record(score: UtteranceScore, *, artefact: str, condition: str) -> dict[str, Any]:
    """One utterance as NeMo names things, with its counts, cell and subgroup fields.

    A subgroup field that has the name of a column is kept as field_<name>.
    """
    words, chars = score.words, score.chars
    record: dict[str, Any] = {
        "audio_filepath": score.audio_filepath,
        "text": score.text,
        "pred_text": score.pred_text,
        "duration": _finite(score.duration_s),
        "id": score.id,
        "artefact": artefact,
        "condition": condition,
        "speaker": score.speaker,
        "s": words.s,
        "d": words.d,
        "i": words.i,
        "n": words.n,
        "char_s": chars.s,
        "char_d": chars.d,
        "char_i": chars.i,
        "char_n": chars.n,
    }
    for name, value in score.fields.items():
        if name == "speaker" and value == score.speaker:
            continue
        record[f"field_{name}" if name in record else name] = _finite(value)
    return record


def _finite(value: Any) -> Any:
    """The value with null for what JSON has no number for."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
