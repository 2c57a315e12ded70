"""The recordings of the worst utterances that compression broke, for players on a page.

What is played is what the model heard: the corrupted recording, as utterances.jsonl names it.
Nothing is embedded unless it is asked for.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asrcompress.core.audio import probe_audio, read_audio
from asrcompress.core.error_table import ErrorTable
from asrcompress.core.errors import InputError
from asrcompress.core.results import UTTERANCES_NAME
from asrcompress.report.flips import worst_flips

SAMPLE_RATE_HZ = 16_000  # what the models hear
LONGEST_S = 20.0  # of a recording; the rest of a longer one is left out, and the page says so
MOST_BYTES = 20_000_000  # of all recordings in base64; browsers open pages of that size at once
_BYTES_OF_16_BITS = 32767

Key = tuple[str, str, str]  # artefact, condition, utterance


@dataclass(frozen=True, slots=True)
class Player:
    """One recording as a data: URL; shown_s: the seconds of it, of duration_s in all."""

    address: str
    shown_s: float
    duration_s: float


def players_of(errors: ErrorTable, folder: Path, most: int) -> Mapping[Key, Player]:
    """The recordings of the `most` worst flips, by artefact, condition and utterance.

    folder: what evaluate or audit wrote. Memory: the players and one recording.

    Raises:
        InputError: no transcripts to choose by, no utterances.jsonl or an unreadable one, a
            recording that is gone, or more bytes than a page can hold.
    """
    wanted = [(cell.artefact, cell.condition, flip.id) for cell, flip in worst_flips(errors, most)]
    paths = _paths(folder / UTTERANCES_NAME, set(wanted)) if wanted else {}
    players: dict[Key, Player] = {}
    total = 0
    for place, key in enumerate(wanted):
        players[key] = _player(_recording(paths, key, folder))
        total += len(players[key].address)
        if total > MOST_BYTES:
            raise InputError(
                "too much audio for one page",
                where=folder,
                got=f"{total / 1e6:.1f} MB with {place + 1} of {len(wanted)} recordings",
                expected=f"at most {MOST_BYTES / 1e6:.0f} MB",
                next_step=f"ask for fewer: --audio {place}",
            )
    return players


def _paths(file: Path, wanted: set[Key]) -> dict[Key, str]:
    """The recordings that utterances.jsonl has for the keys; read line by line."""
    return {
        key: str(record["audio_filepath"])
        for record in _records(file)
        if (key := (record.get("artefact"), record.get("condition"), record.get("id"))) in wanted
        and record.get("audio_filepath")
    }


def _records(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise InputError("not a record", where=f"{file}:{number}", got=line[:40])
                yield record
    except FileNotFoundError:
        raise InputError(
            "no recordings are known",
            where=file,
            next_step="--audio needs what evaluate or audit wrote, as it wrote it",
        ) from None
    except (OSError, ValueError) as error:
        raise InputError("cannot be read", where=file, got=error) from None


def _recording(paths: Mapping[Key, str], key: Key, folder: Path) -> Path:
    """Where the recording is: the path as it stands, or from the folder on."""
    found = paths.get(key)
    if found is None:
        raise InputError(
            "no recording is named for an utterance",
            where=folder / UTTERANCES_NAME,
            got=f"{key[2]} of {key[0]} under {key[1]}",
            next_step="leave --audio out",
        )
    path = folder / found
    if not path.is_file():
        raise InputError(
            "a recording is gone",
            where=path,
            next_step="run the audit again, or leave --audio out",
        )
    return path


def _player(path: Path) -> Player:
    import numpy as np
    import soundfile

    duration_s = probe_audio(path).duration_s
    part_s = LONGEST_S if duration_s > LONGEST_S else None
    samples = read_audio(path, duration_s=part_s, sample_rate_hz=SAMPLE_RATE_HZ)
    peak = float(np.max(np.abs(samples), initial=0.0))
    whole = np.round(samples / max(1.0, peak) * _BYTES_OF_16_BITS).astype(np.int16)
    packed = io.BytesIO()
    soundfile.write(packed, whole, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    text = base64.b64encode(packed.getvalue()).decode()
    shown_s = len(samples) / SAMPLE_RATE_HZ
    return Player(f"data:audio/flac;base64,{text}", shown_s, duration_s)
