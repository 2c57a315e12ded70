"""Train one teacher, in one process of one thread; a run that is stopped can be resumed.

python teach.py --data DATA --work WORK --model wavlm --stage learn
python teach.py --data DATA --work WORK --model hubert --stage more --trunk WORK/wavlm-learn.pt

The convolutions come from the bundled recogniser. At first its letter probabilities guide each
utterance that it recognises rightly and a flat alignment guides the others (Arabic above all);
both fade out, and what remains is CTC with the word of each span.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from evaluate import greedy
from layouts import LAYOUTS, build, start_from
from losses import Spans, alignment_loss, ctc_loss, word_loss
from network import Recogniser, frame_counts, mel_counts
from plan import PLAN
from torch import Tensor
from train import SEED, WORD_WEIGHT, Trainer, meet
from transformers import Wav2Vec2ForCTC
from utterances import Batch

BUNDLED = Path(__file__).resolve().parents[2] / "asrcompress" / "bundled" / "model"


class TeacherTrainer(Trainer):
    """Trains ``options.model``; batches, checkpoints and averages are the bundled recipe's."""

    dev_sets: ClassVar[tuple[str, ...]] = ("en10-dev", "ar40-dev")

    def build(self) -> Recogniser:
        """A new teacher with trained convolutions."""
        model = build(self.options.model)
        start_from(model, BUNDLED)
        if self.options.model != "wavlm":  # which has its own attention, and no choice of it
            model.set_attn_implementation("eager")  # a tenth faster on short utterances here
        bundled = Wav2Vec2ForCTC.from_pretrained(BUNDLED)
        self.bundled = Recogniser(1, bundled).eval().requires_grad_(False)
        return Recogniser(len(self.maker.classes), model)

    def start(self) -> None:
        """Resume, or begin from the averaged weights of ``options.trunk`` if there is one."""
        super().start()
        if self.step == 0 and self.options.trunk:
            weights = torch.load(self.options.trunk, weights_only=True)["average"]
            self.net.load_state_dict(renamed(weights, self.options.model), strict=False)
            self.average = {key: value.clone() for key, value in self.net.state_dict().items()}

    def draw(self) -> Batch:
        """This step's batch, the same for every teacher."""
        seed = [SEED, list(PLAN).index(self.stage.name), self.step]
        torch.manual_seed(SEED + self.step)
        return self.maker.batch(self.stage.mix_at(self.step), np.random.default_rng(seed))

    def losses(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """CTC, weighted word loss and the guidance that fades out."""
        with torch.no_grad():
            heard = self.net.listen(batch.waves)
        counts = frame_counts(mel_counts(batch.sizes)).clamp(min=1)
        hidden = self.net.encode(heard * self.time_mask(heard), counts, from_mel=False)
        spans = Spans.of(batch, torch.ones(len(counts)), hidden.shape[1])
        ctc = ctc_loss(self.net, hidden, counts, batch)
        words = word_loss(self.net, hidden, spans, batch.spans[:, 3])
        guidance = torch.zeros(())
        if self.step < self.stage.guided_steps:
            known, right = self._bundled_says(heard, counts, batch)
            guidance = guided_loss(self.net.letters(hidden), known, counts, right)
            guidance = guidance + alignment_loss(self.net, hidden, spans, batch, ~right)
            guidance = guidance * (1 - self.step / self.stage.guided_steps)
        return ctc, WORD_WEIGHT * words, guidance

    @torch.no_grad()
    def _bundled_says(self, heard: Tensor, counts: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Its letter logits (batch, frames, 32), and which utterances it recognises rightly.

        ``heard`` serves both networks, because their lower convolutions are the same here.
        """
        logits = self.bundled.letters(self.bundled.encode(heard, counts, from_mel=False))
        said = [greedy(row[:count]) for row, count in zip(logits, counts, strict=True)]
        right = [a == b for a, b in zip(said, batch.texts, strict=True)]
        return logits, torch.tensor(right)

    def path(self, name: str) -> Path:
        """A stage's checkpoint."""
        path: Path = self.options.work / f"{self.options.model}-{name}.pt"
        return path


def renamed(weights: dict[str, Tensor], model: str) -> dict[str, Tensor]:
    """``weights`` of one layout under the names that ``model`` has for them."""
    known = re.compile(rf"^hf\.({'|'.join(LAYOUTS)})\.")
    return {known.sub(f"hf.{model}.", key): value for key, value in weights.items()}


def guided_loss(logits: Tensor, known: Tensor, counts: Tensor, rows: Tensor) -> Tensor:
    """Mean cross-entropy of the frames of ``rows`` to the probabilities of logits ``known``."""
    inside = torch.arange(logits.shape[1])[None, :] < counts[:, None]
    inside &= rows[:, None]
    target = known[inside].float().softmax(-1)
    scores = logits[inside].float().log_softmax(-1)
    return -(target * scores).sum() / inside.sum().clamp(min=1)


def main() -> None:
    """Parse the command line and train one teacher."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds speech/ and connected/")
    parser.add_argument("--work", type=Path, required=True, help="banks and checkpoints")
    parser.add_argument("--model", choices=tuple(LAYOUTS), required=True)
    parser.add_argument("--stage", choices=tuple(PLAN), required=True)
    parser.add_argument("--trunk", type=Path, help="the checkpoint to go on from, of any teacher")
    parser.add_argument("--steps", type=int, help="in place of the stage's own number")
    parser.add_argument("--port", type=int, default=29621, help="a free one, for torch.distributed")
    options = parser.parse_args()
    meet(0, 1, options.port)
    stage = PLAN[options.stage]
    TeacherTrainer(replace(stage, steps=options.steps or stage.steps), options, 0).run()


if __name__ == "__main__":
    main()
