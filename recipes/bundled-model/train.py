"""Train the bundled recogniser in four stages, each resumable.

python train.py --data DATA --work WORK --stage encoder   # log-mel frames -> letters
python train.py --data DATA --work WORK --stage ear       # waveform -> log-mel frames
python train.py --data DATA --work WORK --stage join      # waveform -> letters
python train.py --data DATA --work WORK --stage polish    # the same, lighter augmentation

Two processes of one thread each; every step's randomness comes from (seed, process, step), so a
resumed run draws what an unbroken one would have drawn.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from clips import ClipBank
from evaluate import connected_set, greedy, word_errors
from logmel import LogMel, mask, warp
from losses import Spans, alignment_loss, ctc_loss, word_loss
from network import Recogniser, frame_counts, mel_counts, seconds
from stages import STAGES, Stage
from torch import Tensor
from utterances import Batch, UtteranceMaker

WORLD = 2
SEED = 7
CLIP_NORM = 1.0
WORD_WEIGHT, MEL_WEIGHT = 0.3, 0.1
ALIGNED_STEPS = 1000  # the rough alignment fades out over these, and utterances grow
SAVE_EVERY = 1000


class Trainer:
    """One process's share of a stage."""

    dev_sets: ClassVar[tuple[str, ...]] = ("en10-dev",)

    def __init__(self, stage: Stage, options: argparse.Namespace, rank: int) -> None:
        self.stage, self.options, self.rank, self.step = stage, options, rank, 0
        torch.manual_seed(SEED)
        banks = [ClipBank.load(options.work / "banks", name) for name in stage.banks]
        self.maker = UtteranceMaker(banks, np.random.default_rng([SEED, rank]))
        self.mel = LogMel()
        self.net = self.build()
        self.parameters = [p for name, p in self.net.named_parameters() if stage.learns(name)]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [p for p in self.parameters if p.ndim > 1]},
                {"params": [p for p in self.parameters if p.ndim <= 1], "weight_decay": 0.0},
            ],
            betas=(0.9, 0.98),
            weight_decay=stage.weight_decay,
            fused=True,
        )
        self.average: dict[str, Tensor] = {}

    def build(self) -> Recogniser:
        """The network before the first stage."""
        return Recogniser(len(self.maker.classes))

    def run(self) -> None:
        """Train to the last step, saving and scoring on the way."""
        self.start()
        began, trained_s, totals = time.time(), 0.0, np.zeros(3)
        while self.step < self.stage.steps:
            batch = self.draw()
            totals += self.learn(batch)
            trained_s += dist.get_world_size() * seconds(batch.sizes)
            self.step += 1
            if self.rank == 0 and self.step % 100 == 0:
                means = " ".join(f"{value:.4f}" for value in totals / 100)
                speed = trained_s / (time.time() - began)
                print(f"{self.step} losses {means} {speed:.0f} s/s", flush=True)
                totals[:] = 0
            if self.rank == 0 and (self.step % SAVE_EVERY == 0 or self.step == self.stage.steps):
                self.save()
                self.score()

    def start(self) -> None:
        """Resume this stage, or take over the weights of the stages before."""
        if self.path(self.stage.name).exists():
            saved = torch.load(self.path(self.stage.name), weights_only=True)
            self.net.load_state_dict(saved["net"])
            self.optimiser.load_state_dict(saved["optimiser"])
            self.average, self.step = saved["average"], saved["step"]
            return
        for name in self.stage.starts_from:
            weights = torch.load(self.path(name), weights_only=True)["average"]
            chosen = {key: value for key, value in weights.items() if STAGES[name].learns(key)}
            self.net.load_state_dict(chosen, strict=False)
        if self.stage.name == "join":
            self.net.join()
        self.average = {key: value.clone() for key, value in self.net.state_dict().items()}

    def draw(self) -> Batch:
        """This step's batch; at first utterances grow from 1 word to 3 to 6."""
        rng = np.random.default_rng([SEED, self.rank, self.step])
        torch.manual_seed(SEED + 1_000_003 * self.rank + self.step)
        mix = self.stage.mix
        if self.stage.name == "encoder" and self.step < ALIGNED_STEPS:
            words = 1 if self.step < 0.3 * ALIGNED_STEPS else 3
            mix = replace(mix, max_words=words, lowest_snr_db=10.0, arabic=0.15)
        return self.maker.batch(mix, rng)

    def learn(self, batch: Batch) -> np.ndarray:
        """One step; returns the CTC, word and mel losses."""
        with torch.autocast("cpu", torch.bfloat16):
            parts = self.losses(batch)
        self.optimiser.zero_grad(set_to_none=False)
        torch.stack(parts).sum().backward()
        if self._share_gradients():
            for group in self.optimiser.param_groups:
                group["lr"] = self.learning_rate()
            self.optimiser.step()
            decay = min(self.stage.ema, self.step / (self.step + 50))
            now = list(self.net.state_dict().values())
            torch._foreach_lerp_(list(self.average.values()), now, 1 - decay)
        return np.array([float(part.detach()) for part in parts])

    def _share_gradients(self) -> bool:
        """Average gradients over the processes and clip them; False if they are not finite."""
        grads = [p.grad for p in self.parameters if p.grad is not None]
        flat = torch.cat([grad.flatten() for grad in grads])
        dist.all_reduce(flat)
        flat /= dist.get_world_size()
        norm = float(flat.norm())
        flat *= min(1.0, CLIP_NORM / (norm + 1e-6))
        for grad, part in zip(grads, flat.split([g.numel() for g in grads]), strict=True):
            grad.copy_(part.view_as(grad))
        return math.isfinite(norm)

    def learning_rate(self) -> float:
        """Warm up, hold, then fall to a hundredth along a cosine."""
        stage = self.stage
        if self.step < stage.warm_up:
            return stage.learning_rate * (self.step + 1) / stage.warm_up
        done = max(0.0, (self.step / stage.steps - stage.hold) / (1 - stage.hold))
        return stage.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))

    def losses(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Weighted CTC (with the rough alignment at first), word and mel losses."""
        none, scale = torch.zeros(()), torch.ones(len(batch.sizes))
        with torch.no_grad():
            mels = self.mel(batch.waves)
            if self.stage.hears_mel:
                mels, scale = self._vary(mels)
        counts = (mel_counts(batch.sizes) * scale).long()
        mel_loss = none
        if self.stage.hears_mel:
            heard = mels
        else:
            heard = self.net.listen(batch.waves)
            inside = torch.arange(mels.shape[1])[None, :] < counts[:, None]
            mel_loss = (self.net.to_mel(heard).float() - mels).square()[inside].mean()
            if self.stage.name == "ear":
                return none, none, mel_loss
            heard = heard * self.time_mask(heard)
        counts = frame_counts(counts).clamp(min=1)  # a clip can be as short as the edges lost
        hidden = self.net.encode(heard, counts, self.stage.hears_mel)
        spans = Spans.of(batch, scale, hidden.shape[1])
        ctc = ctc_loss(self.net, hidden, counts, batch)
        if self.stage.name == "encoder" and self.step < ALIGNED_STEPS:
            rough = alignment_loss(self.net, hidden, spans, batch)
            ctc = ctc + (1 - self.step / ALIGNED_STEPS) * rough
        words = word_loss(self.net, hidden, spans, batch.spans[:, 3])
        return ctc, WORD_WEIGHT * words, MEL_WEIGHT * mel_loss

    @staticmethod
    def _vary(mels: Tensor) -> tuple[Tensor, Tensor]:
        """Other vocal tracts and tempos, then SpecAugment; also each utterance's stretch."""
        rows = mels.shape[0]
        scale = torch.empty(rows).uniform_(0.9, 1.12)
        bands = torch.empty(rows).uniform_(0.92, 1.08)
        mels = warp(mels, scale, bands, 0.01 * torch.randn(rows, 2))
        generator = torch.Generator().manual_seed(int(torch.randint(0, 1 << 30, ())))
        return mask(mels, generator), scale

    @staticmethod
    def time_mask(heard: Tensor) -> Tensor:
        """Zero over up to 110 ms of each utterance, else one; (batch, frames, 1)."""
        keep = torch.ones(heard.shape[0], heard.shape[1], 1, dtype=heard.dtype)
        for row in range(len(keep)):
            at = int(torch.randint(0, heard.shape[1], ()))
            keep[row, at : at + int(torch.randint(0, 12, ()))] = 0
        return keep

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        path = self.path(self.stage.name)
        saved = {
            "net": self.net.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        torch.save(saved, path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)

    def score(self) -> None:
        """Print the WER of the dev sets with the averaged weights."""
        if self.stage.name == "ear":
            return
        own = {key: value.clone() for key, value in self.net.state_dict().items()}
        self.net.load_state_dict(self.average)
        self.net.eval()
        for name in self.dev_sets:
            scored = connected_set(self.options.data, name)
            errors, words = word_errors(scored.texts, [self._recognise(w) for w in scored.waves])
            print(f"{name} step {self.step} WER {errors / words:.4f}", flush=True)
        self.net.train()
        self.net.load_state_dict(own)

    @torch.no_grad()
    def _recognise(self, wave: Tensor) -> str:
        mel, wave = self.stage.hears_mel, wave[None]
        heard = self.mel(wave) if mel else self.net.listen(wave)
        counts = frame_counts(mel_counts(torch.tensor([wave.shape[1]])))
        return greedy(self.net.letters(self.net.encode(heard, counts, mel))[0])

    def path(self, name: str) -> Path:
        """A stage's checkpoint."""
        path: Path = self.options.work / f"{name}.pt"
        return path


def meet(rank: int, world: int, port: int) -> None:
    """Make this process, of one thread, one of ``world`` that share gradients."""
    torch.set_num_threads(1)
    os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = "127.0.0.1", str(port)
    dist.init_process_group("gloo", rank=rank, world_size=world)


def work(rank: int, options: argparse.Namespace) -> None:
    """One process."""
    meet(rank, WORLD, options.port)
    stage = STAGES[options.stage]
    Trainer(replace(stage, steps=options.steps or stage.steps), options, rank).run()


def main() -> None:
    """Parse the command line and start the processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds speech/ and connected/")
    parser.add_argument("--work", type=Path, required=True, help="banks and checkpoints")
    parser.add_argument("--stage", choices=tuple(STAGES), required=True)
    parser.add_argument("--steps", type=int, help="in place of the stage's own number")
    parser.add_argument("--port", type=int, default=29611, help="for the two processes to meet")
    options = parser.parse_args()
    mp.spawn(work, (options,), nprocs=WORLD)


if __name__ == "__main__":
    main()
