"""The stages of training a teacher: which weights each one learns, from what, for how long."""

from __future__ import annotations

from dataclasses import dataclass

from stages import Stage, listens
from utterances import Mix


@dataclass(frozen=True, slots=True)
class TeacherStage(Stage):
    """``learn`` leaves the six lower convolutions as they are, ``tune`` trains everything."""

    def learns(self, weight: str) -> bool:
        """Whether this stage trains the weight of that name."""
        return self.name == "tune" or not listens(weight)


PLAN = {
    stage.name: stage
    for stage in (
        TeacherStage(
            "learn",
            5_600,
            1e-3,
            warm_up=400,
            mix=Mix(seconds=16, arabic=0.28, espeak=0.1, drawn=2),
        ),
        TeacherStage(
            "tune",
            600,
            3e-4,
            starts_from=("learn",),
            hold=0.1,
            warm_up=50,
            ema=0.995,
            mix=Mix(
                seconds=16, arabic=0.25, espeak=0.08, stretched=0.15, noisy=0.4, colour=0.5, drawn=2
            ),
        ),
    )
}
