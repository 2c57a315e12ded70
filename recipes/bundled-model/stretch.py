"""More tempos of each recorded word at the same pitch, so that tempo and pitch vary apart."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from clips import SAMPLE_RATE_HZ, Clip, ClipBank, build_bank
from numpy.typing import NDArray

STRETCHED = "en-stretched"  # the language label of the copies
TEMPOS = ((0.70, 0.90), (1.12, 1.40))  # one copy is drawn from each range


def stretch(audio: NDArray[np.float32], tempo: float) -> NDArray[np.float32]:
    """(time,) samples at ``tempo`` times the speed, pitch kept: SoX's WSOLA for speech."""
    form = ["-t", "f32", "-r", str(SAMPLE_RATE_HZ), "-c", "1"]
    command = ["sox", *form, "-", *form, "-", "tempo", "-s", f"{tempo:.3f}"]
    done = subprocess.run(command, input=audio.tobytes(), check=True, capture_output=True)
    return np.frombuffer(done.stdout, np.float32)


def stretch_bank(bank: ClipBank, seed: int) -> ClipBank:
    """Two stretched copies of every English clip of ``bank``."""
    rng = np.random.default_rng(seed)
    jobs = [
        (clip, float(rng.uniform(*tempos)))
        for clip in bank.clips
        if clip.lang == "en"
        for tempos in TEMPOS
    ]

    def work(job: tuple[Clip, float]) -> tuple[Clip, NDArray[np.float32]]:
        clip, tempo = job
        return replace(clip, lang=STRETCHED), stretch(bank.audio(clip), tempo)

    with ThreadPoolExecutor(2) as pool:
        return build_bank(list(pool.map(work, jobs)))
