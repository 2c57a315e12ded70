"""The stages of training: which weights each one learns, from what, and for how long."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from network import LISTENING
from utterances import Mix

TRAIN_BANKS = ("train", "train-stretched", "espeak")
_LISTENING_PARTS = re.compile(
    rf"to_mel\.|(layers|hf\.\w+\.feature_extractor\.conv_layers)\.[0-{LISTENING - 1}]\."
)


def listens(weight: str) -> bool:
    """Whether the weight of that name belongs to the convolutions that log-mel stands in for."""
    return _LISTENING_PARTS.match(weight) is not None


@dataclass(frozen=True, slots=True)
class Stage:
    """How one stage runs; ``starts_from`` names the stages whose weights it takes over."""

    name: str
    steps: int
    learning_rate: float
    starts_from: tuple[str, ...] = ()
    hold: float = 0.5  # part of the steps before the learning rate falls
    warm_up: int = 300
    ema: float = 0.999
    weight_decay: float = 0.03
    mix: Mix = field(default_factory=lambda: Mix(seconds=20))
    banks: tuple[str, ...] = TRAIN_BANKS

    @property
    def hears_mel(self) -> bool:
        """Whether log-mel frames stand in for the lower convolutions."""
        return self.name == "encoder"

    def learns(self, weight: str) -> bool:
        """Whether this stage trains the weight of that name."""
        lower = listens(weight)
        return {"encoder": not lower, "ear": lower, "join": True, "polish": True}[self.name]


STAGES = {
    stage.name: stage
    for stage in (
        Stage("encoder", 8_000, 1.5e-3),
        Stage("ear", 2_000, 2e-3, hold=0.3),
        Stage(
            "join",
            5_400,
            4e-4,
            starts_from=("encoder", "ear"),
            hold=0.2,
            mix=Mix(seconds=20, arabic=0.02),
            banks=(*TRAIN_BANKS, "dev", "dev-stretched"),
        ),
        Stage(
            "polish",
            1_800,
            3e-4,
            starts_from=("join",),
            hold=0.1,
            warm_up=100,
            ema=0.997,
            mix=Mix(seconds=20, arabic=0.0, stretched=0.15, noisy=0.35, colour=0.5),
            banks=(*TRAIN_BANKS, "dev", "dev-stretched"),
        ),
    )
}
