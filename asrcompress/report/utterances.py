"""utterances.jsonl: every utterance of every cell, one a line, in NeMo's manifest form."""

from __future__ import annotations

import json
import math
import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from asrcompress.core.errors import OutputError
from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.core.results import Results

Cell = tuple[str, str]  # artefact and condition
Evaluations = Mapping[Cell, Evaluation]
_COPIED_BYTES = 1 << 20


class KeptLines:
    """The lines of cells, kept in a nameless file until all are there and their order is known.

    The file is gone with the process, whatever ends it.
    """

    def __init__(self, folder: Path) -> None:
        """folder: where the file takes room.

        Raises:
            OutputError: it cannot be written there.
        """
        self._folder = folder
        self._spans: dict[Cell, tuple[int, int]] = {}
        with self._writing():
            self._stream = TemporaryFile(dir=folder)  # noqa: SIM115 - closed with this object
        weakref.finalize(self, self._stream.close)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._spans)

    def add(self, cell: Cell, evaluation: Evaluation) -> None:
        """Keep the lines of a cell.

        Raises:
            OutputError: there is no room for them.
        """
        with self._writing():
            begin = self._stream.seek(0, os.SEEK_END)
            for line in _lines_of(cell, evaluation):
                self._stream.write(line.encode())
            self._stream.flush()
            self._spans[cell] = begin, self._stream.tell()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError("cannot write", where=self._folder, got=error.strerror) from None

    def of(self, cell: Cell) -> Iterator[bytes]:
        """The lines of a cell, in pieces; nothing of one that was not added."""
        begin, end = self._spans.get(cell, (0, 0))
        while begin < end:
            self._stream.seek(begin)
            piece = self._stream.read(min(_COPIED_BYTES, end - begin))
            begin += len(piece)
            yield piece


def utterance_lines(results: Results, evaluations: Evaluations | KeptLines) -> Iterator[bytes]:
    """The lines, in the results' order of cells, whatever the order of the evaluations.

    Raises:
        ValueError: an evaluation belongs to no cell of the results.
    """
    cells = [(cell.artefact, cell.condition) for cell in results.cells]
    if strangers := set(evaluations) - set(cells):
        raise ValueError(f"evaluations of no cell: {sorted(strangers)}")
    for cell in cells:
        if isinstance(evaluations, KeptLines):
            yield from evaluations.of(cell)
        elif evaluation := evaluations.get(cell):
            yield from (line.encode() for line in _lines_of(cell, evaluation))


def _lines_of(cell: Cell, evaluation: Evaluation) -> Iterator[str]:
    artefact, condition = cell
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
