"""Noise labels to the six groups of Pimentel et al. 2023, by a versioned table.

The paper names its groups and examples, not the labels in them, so the table is our own. It
follows AudioSet's ontology (Gemmeke et al. 2017), where the DNS challenge's labels come from and
where five of the groups have a branch: domestic sounds, human voice, music, vehicle, wind. All
else is "other miscellaneous sources", with these exceptions: voices of a group (babble, crowd,
places that are full of them) count as human voice; machines of a household (fan, washing machine,
clock) as domestic; engines as vehicle. Coughs, breath and chewing are no voice in AudioSet either.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from importlib import resources

GROUPS = ("domestic", "human_voice", "music", "vehicle", "wind", "misc")
MISC = "misc"
TABLE_VERSION = 1  # raise it with every change of noise_groups.tsv

# ICASSP 2022 (DNS4) and INTERSPEECH 2021 (DNS3): door_Freesound_validated_451437_0; INTERSPEECH
# 2020 (DNS1): wind_97396_2, Freesound's number and the part. The others are AudioSet's YouTube
# names (amMeH4u6AO4), which say nothing of the sound.
_FREESOUND = re.compile(r"(?P<label>.+?)_Freesound_.+", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<label>[a-z]+(?:_[a-z]+)*)_\d{3,}_\d+", re.IGNORECASE)


def group_named(name: str) -> str | None:
    """The group of that name, however it is written (`Human Voice`); None for any other name."""
    return {_letters(group): group for group in GROUPS}.get(_letters(name))


def group_of_label(label: str) -> str | None:
    """The group that the table puts a label in, however it is written; None where it has none."""
    return _table().get(_letters(label))


def dns_label(stem: str) -> str | None:
    """The label in a file name of the DNS challenge, without its ending; None without a label."""
    if match := _FREESOUND.fullmatch(stem):
        return match["label"]
    match = _NUMBERED.fullmatch(stem)
    return match["label"] if match and group_of_label(match["label"]) else None


@lru_cache(maxsize=1)
def _table() -> dict[str, str]:
    text = resources.files(__package__).joinpath("noise_groups.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {_letters(row["label"]): row["group"] for row in rows}


def _letters(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
