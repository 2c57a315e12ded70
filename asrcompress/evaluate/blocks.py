"""What is resampled: speakers, else source recordings, else utterances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from asrcompress.core.condition import SOURCE_COLUMN
from asrcompress.core.evaluation import UtteranceScore

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """`of` is speaker, source or utterance; `index` the block of each row; `count` how many."""

    of: str
    index: Integers
    count: int

    def sums(self, columns: Sequence[Sequence[int]]) -> Integers:
        """(blocks, columns) sums of the rows' counts."""
        sums = np.zeros((self.count, len(columns)), dtype=np.int64)
        np.add.at(sums, self.index, np.array(columns, dtype=np.int64).T)
        return sums


def blocks_of(rows: Sequence[UtteranceScore]) -> Blocks:
    """Speakers where every utterance has one and there are two, else recordings, else utterances.

    The rows of one utterance under several conditions have its id in common and get one block.
    Blocks are numbered by their names in order, so that every condition and every model of one
    corpus meets the same resamples.
    """
    once = {row.id: row for row in reversed(rows)}
    speakers = {row.id: row.speaker for row in once.values() if row.speaker is not None}
    if _is_worth_it(speakers, once):
        return _numbered("speaker", [speakers[row.id] for row in rows])
    sources = _recordings(once.values())
    if _is_worth_it(sources, once):
        return _numbered("source", [sources[row.id] for row in rows])
    return _numbered("utterance", [row.id for row in rows])


def _is_worth_it(names: Mapping[str, str], every: Mapping[str, UtteranceScore]) -> bool:
    """Every utterance is in a block, there are two, and some utterances share one."""
    return len(names) == len(every) and 2 <= len(set(names.values())) < len(every)


def _recordings(rows: Iterable[UtteranceScore]) -> dict[str, str]:
    """Each utterance's source recording, named by the least id of its utterances.

    Under noise every segment has a file of its own, and its row says which recording it is from;
    the ids are the same under every condition.
    """
    sources = {row.id: str(row.fields.get(SOURCE_COLUMN) or row.audio_filepath) for row in rows}
    least: dict[str, str] = {}
    for identifier, source in sources.items():
        least[source] = min(identifier, least.get(source, identifier))
    return {identifier: least[source] for identifier, source in sources.items()}


def _numbered(of: str, names: Sequence[str]) -> Blocks:
    places = {name: place for place, name in enumerate(sorted(set(names)))}
    return Blocks(of, np.array([places[name] for name in names], dtype=np.int64), len(places))
