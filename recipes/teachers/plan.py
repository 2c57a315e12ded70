"""The stages of training a teacher: for how long, on what, and which of its weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stages import Stage, listens
from utterances import Mix


@dataclass(frozen=True, slots=True)
class TeacherStage(Stage):
    """A stage that leaves the six lower convolutions as the bundled recogniser has them."""

    guided_steps: int = 0  # the bundled recogniser's guidance fades out over these
    short_steps: int = 0  # until then utterances have up to 3 words and little noise
    light_from: float = 0.0  # from this part of the steps on, the augmentation is lighter

    def learns(self, weight: str) -> bool:
        """Whether the weight of that name is trained."""
        return not listens(weight)

    def mix_at(self, step: int) -> Mix:
        """What that step is made of: short and rather clean, then everything, then lighter."""
        if step < self.short_steps:
            return replace(self.mix, max_words=3, lowest_snr_db=10.0)
        if step >= self.light_from * self.steps:
            return replace(self.mix, espeak=0.06, stretched=0.15, noisy=0.4, colour=0.5)
        return self.mix


_MIX = Mix(seconds=16, arabic=0.25, espeak=0.1, drawn=2)
PLAN = {
    stage.name: stage
    for stage in (
        TeacherStage(
            "learn",
            5_000,
            1e-3,
            hold=0.6,
            warm_up=400,
            mix=_MIX,
            guided_steps=1_200,
            short_steps=600,
            light_from=0.4,
        ),
        TeacherStage("more", 3_300, 5e-4, hold=0.2, warm_up=100, ema=0.998, mix=_MIX),
    )
}
