"""Who was scored: what every model's evaluation of the same utterances has in common.

A matrix has thousands of evaluations and few rolls: one for each condition, as a rule. Rolls that
are the same are one object, so that what follows from them is worked out once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from asrcompress.core.evaluation import UtteranceScore
from asrcompress.evaluate.blocks import Blocks, Integers, numbered_blocks, source_of

NOISE_COLUMN = "noise_type"  # what corrupt writes for each utterance, whichever type was asked for


@dataclass(frozen=True, slots=True, eq=False)
class Roll:
    """The utterances of an evaluation in its order, one entry of each column for each.

    lengths: (utterances,) words of the references. noise_types: None for none.
    """

    ids: tuple[str, ...]
    speakers: tuple[str | None, ...]
    sources: tuple[str, ...]
    noise_types: tuple[str | None, ...]
    lengths: Integers

    def at(self, places: Integers) -> Roll:
        """The utterances at these places alone, in their order."""
        columns = (self.ids, self.speakers, self.sources, self.noise_types)
        listed = places.tolist()
        ids, speakers, sources, kinds = (tuple(one[place] for place in listed) for one in columns)
        return Roll(ids, speakers, sources, kinds, self.lengths[places])


def roll_of(rows: Sequence[UtteranceScore]) -> Roll:
    """The roll of scored utterances."""
    return Roll(
        ids=tuple(row.id for row in rows),
        speakers=tuple(row.speaker for row in rows),
        sources=tuple(map(source_of, rows)),
        noise_types=tuple(_noise_of(row) for row in rows),
        lengths=np.array([row.words.n for row in rows], dtype=np.int64),
    )


@dataclass(slots=True)
class Rolls:
    """The rolls of a matrix, each once, with their blocks."""

    _ids: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    _names: dict[tuple[str | None, ...], tuple[str | None, ...]] = field(default_factory=dict)
    _rolls: dict[tuple[object, ...], Roll] = field(default_factory=dict)
    _blocks: dict[tuple[Roll, ...], Blocks] = field(default_factory=dict)
    _with_noise: dict[tuple[Roll, str], tuple[Roll, Integers]] = field(default_factory=dict)

    def same(self, roll: Roll) -> Roll:
        """The one object for all rolls like this one; conditions share the columns they can."""
        ids = self._ids.setdefault(roll.ids, roll.ids)
        speakers = self._names.setdefault(roll.speakers, roll.speakers)
        sources = self._ids.setdefault(roll.sources, roll.sources)
        kinds = self._names.setdefault(roll.noise_types, roll.noise_types)
        key = (*map(id, (ids, speakers, sources, kinds)), roll.lengths.tobytes())
        if key not in self._rolls:  # the columns are kept, so their ids stay theirs
            self._rolls[key] = Roll(ids, speakers, sources, kinds, roll.lengths)
        return self._rolls[key]

    def blocks(self, rolls: tuple[Roll, ...]) -> Blocks:
        """The blocks of the utterances of all these rolls, one after the other."""
        found = self._blocks.get(rolls)
        if found is None:
            found = self._blocks[rolls] = numbered_blocks(
                [one for roll in rolls for one in roll.ids],
                [one for roll in rolls for one in roll.speakers],
                [one for roll in rolls for one in roll.sources],
            )
        return found

    def with_noise(self, roll: Roll, noise_type: str) -> tuple[Roll, Integers]:
        """Those utterances that met one type of noise, and their places in the roll."""
        key = (roll, noise_type)
        found = self._with_noise.get(key)
        if found is None:
            met = [place for place, kind in enumerate(roll.noise_types) if kind == noise_type]
            places = np.array(met, dtype=np.int64)
            found = self._with_noise[key] = (self.same(roll.at(places)), places)
        return found


def _noise_of(row: UtteranceScore) -> str | None:
    kind = row.fields.get(NOISE_COLUMN)
    return None if kind in (None, "") else str(kind)
