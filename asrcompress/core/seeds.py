"""Random generators that depend on what is drawn for, never on order or platform."""

from __future__ import annotations

import hashlib

import numpy as np


def generator_for(seed: int, *keys: str | int) -> np.random.Generator:
    """A generator from blake2b(seed, keys): the same keys always give the same stream."""
    text = "\x1f".join(str(key) for key in (seed, *keys))
    digest = hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))
