"""What is resampled: speakers, else source recordings, else utterances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    def sums(self, columns: Sequence[Sequence[int]] | Sequence[Integers]) -> Integers:
        """(blocks, columns) sums of the rows' counts."""
        sums = np.zeros((self.count, len(columns)), dtype=np.int64)
        np.add.at(sums, self.index, np.array(columns, dtype=np.int64).T)
        return sums


def blocks_of(rows: Sequence[UtteranceScore]) -> Blocks:
    """The blocks of scored utterances; see `numbered_blocks`."""
    return numbered_blocks(
        [row.id for row in rows], [row.speaker for row in rows], [source_of(row) for row in rows]
    )


def source_of(row: UtteranceScore) -> str:
    """The recording that an utterance is from.

    Under noise every segment has a file of its own, and its row says which recording it is from.
    """
    return str(row.fields.get(SOURCE_COLUMN) or row.audio_filepath)


def numbered_blocks(
    ids: Sequence[str], speakers: Sequence[str | None], sources: Sequence[str]
) -> Blocks:
    """Speakers where every utterance has one and there are two, else recordings, else utterances.

    The rows of one utterance under several conditions have its id in common and get one block; its
    first row says whose it is. Blocks are numbered by their names in order, so that every condition
    and every model of one corpus meets the same resamples.
    """
    first: dict[str, int] = {}
    for place, identifier in enumerate(ids):
        first.setdefault(identifier, place)
    known = {one: name for one, place in first.items() if (name := speakers[place]) is not None}
    if _is_worth_it(known, len(first)):
        return _numbered("speaker", [known[one] for one in ids])
    recordings = _recordings({one: sources[place] for one, place in first.items()})
    if _is_worth_it(recordings, len(first)):
        return _numbered("source", [recordings[one] for one in ids])
    return _numbered("utterance", ids)


def _is_worth_it(names: Mapping[str, str], utterances: int) -> bool:
    """Every utterance is in a block, there are two, and some utterances share one."""
    return len(names) == utterances and 2 <= len(set(names.values())) < utterances


def _recordings(sources: Mapping[str, str]) -> dict[str, str]:
    """Each utterance's source recording, named by the least id of its utterances.

    The ids are the same under every condition; the files' names are not.
    """
    least: dict[str, str] = {}
    for identifier, source in sources.items():
        least[source] = min(identifier, least.get(source, identifier))
    return {identifier: least[source] for identifier, source in sources.items()}


def _numbered(of: str, names: Sequence[str]) -> Blocks:
    places = {name: place for place, name in enumerate(sorted(set(names)))}
    return Blocks(of, np.array([places[name] for name in names], dtype=np.int64), len(places))
