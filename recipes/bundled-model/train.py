"""Train the bundled recogniser in three stages, each resumable.

python train.py --data DATA --work WORK --stage encoder   # log-mel frames -> letters
python train.py --data DATA --work WORK --stage ear       # waveform -> log-mel frames
python train.py --data DATA --work WORK --stage join      # waveform -> letters

Two processes of one thread each; every step's randomness comes from (seed, process, step), so a
resumed run draws what an unbroken one would have drawn.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from clips import ClipBank
from evaluate import connected_set, greedy, word_errors
from logmel import LogMel, mask, warp
from network import LISTENING, Recogniser, frame_counts, frame_of, mel_counts, seconds
from torch import Tensor
from torch.nn import functional
from utterances import Batch, Mix, UtteranceMaker

WORLD = 2
SEED = 7
CLIP_NORM = 1.0


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
    mix: Mix = Mix()
    banks: tuple[str, ...] = ("train", "train-stretched", "espeak")


STAGES = {
    stage.name: stage
    for stage in (
        Stage("encoder", 10_000, 1.5e-3, mix=Mix(seconds=20)),
        Stage("ear", 3_000, 2e-3, hold=0.3, mix=Mix(seconds=20)),
        Stage("join", 8_000, 4e-4, ("encoder", "ear"), hold=0.2, mix=Mix(seconds=20, arabic=0.02)),
    )
}


class Trainer:
    """One process's share of a stage."""

    def __init__(self, stage: Stage, options: argparse.Namespace, rank: int) -> None:
        self.stage, self.options, self.rank = stage, options, rank
        torch.manual_seed(SEED)
        banks = [ClipBank.load(options.work / "banks", name) for name in stage.banks]
        self.maker = UtteranceMaker(banks, np.random.default_rng([SEED, rank]))
        self.mel = LogMel()
        self.net = Recogniser(len(self.maker.classes))
        self.parameters = [
            value for name, value in self.net.named_parameters() if self._learns(name)
        ]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [p for p in self.parameters if p.ndim > 1]},
                {"params": [p for p in self.parameters if p.ndim <= 1], "weight_decay": 0.0},
            ],
            betas=(0.9, 0.98),
            weight_decay=stage.weight_decay,
        )
        self.average = [value.detach().clone() for value in self.net.state_dict().values()]
        self.step = 0

    def _learns(self, name: str) -> bool:
        heard = any(name.startswith(f"layers.{i}.") for i in range(LISTENING))
        heard |= any(
            name.startswith(f"hf.wav2vec2.feature_extractor.conv_layers.{i}.")
            for i in range(LISTENING)
        )
        heard |= name.startswith("to_mel.")
        return {"encoder": not heard, "ear": heard, "join": True}[self.stage.name]

    def run(self) -> None:
        """Train to the last step, saving and scoring on the way."""
        self.start()
        began, trained_s, totals = time.time(), 0.0, np.zeros(4)
        while self.step < self.stage.steps:
            batch = self.draw()
            totals += self.learn(batch)
            trained_s += WORLD * seconds(batch.sizes)
            self.step += 1
            if self.rank == 0 and self.step % 100 == 0:
                rate = trained_s / (time.time() - began)
                values = " ".join(f"{value:.4f}" for value in totals / 100)
                print(f"{self.step} {values} {rate:.0f} s/s", flush=True)
                totals[:] = 0
            if self.rank == 0 and (self.step % 1000 == 0 or self.step == self.stage.steps):
                self.save()
                self.score()

    def draw(self) -> Batch:
        """This step's batch; utterances grow from 1 word to 3 to 6."""
        rng = np.random.default_rng([SEED, self.rank, self.step])
        torch.manual_seed(SEED + 1_000_003 * self.rank + self.step)
        mix = self.stage.mix
        if self.stage.name == "encoder" and self.step < 1000:
            words = 1 if self.step < 300 else 3
            mix = replace(mix, max_words=words, lowest_snr_db=10.0, arabic=0.15)
        return self.maker.batch(mix, rng)

    def learn(self, batch: Batch) -> np.ndarray:
        """One step; returns the loss and its parts (CTC, words, mel)."""
        with torch.autocast("cpu", torch.bfloat16):
            parts = self.losses(batch)
        loss: Tensor = sum(parts, torch.zeros(()))
        self.optimiser.zero_grad(set_to_none=False)
        loss.backward()
        grads = [value.grad for value in self.parameters if value.grad is not None]
        flat = torch.cat([grad.flatten() for grad in grads])
        dist.all_reduce(flat)
        flat /= WORLD
        norm = float(flat.norm())
        flat *= min(1.0, CLIP_NORM / (norm + 1e-6)) if math.isfinite(norm) else 0.0
        at = 0
        for grad in grads:
            grad.copy_(flat[at : at + grad.numel()].view_as(grad))
            at += grad.numel()
        if math.isfinite(norm):
            for group in self.optimiser.param_groups:
                group["lr"] = self.learning_rate()
            self.optimiser.step()
            decay = min(self.stage.ema, self.step / (self.step + 50))
            torch._foreach_lerp_(self.average, list(self.net.state_dict().values()), 1 - decay)
        return np.array([float(loss.detach()), *(float(part.detach()) for part in parts)])

    def learning_rate(self) -> float:
        """Warm up, hold, then fall to a hundredth along a cosine."""
        stage = self.stage
        if self.step < stage.warm_up:
            return stage.learning_rate * (self.step + 1) / stage.warm_up
        done = max(0.0, (self.step / stage.steps - stage.hold) / (1 - stage.hold))
        return stage.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))

    def losses(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """CTC (plus, at first, a flat letter alignment), word and mel losses of one batch."""
        counts, scale = mel_counts(batch.sizes), torch.ones(len(batch.sizes))
        heard, from_mel, mel_loss = None, self.stage.name == "encoder", torch.zeros(())
        with torch.no_grad():
            mels = self.mel(batch.waves)
        if from_mel:
            with torch.no_grad():
                mels, scale = self._vary(mels)
            counts = (counts * scale).long()
            heard = mels
        else:
            heard = self.net.listen(batch.waves)
            keep = torch.arange(mels.shape[1])[None, :] < counts[:, None]
            error = self.net.to_mel(heard).float() - mels
            mel_loss = error.square()[keep].mean()
            if self.stage.name == "ear":
                return torch.zeros(()), torch.zeros(()), mel_loss
            heard, mel_loss = self._mask_time(heard), 0.1 * mel_loss
        hidden = self.net.encode(heard, frame_counts(counts), from_mel)
        ctc = self._ctc_loss(hidden, frame_counts(counts), batch)
        words, letters = self._word_losses(hidden, batch, scale)
        return ctc + letters, 0.3 * words, mel_loss

    def _vary(self, mels: Tensor) -> tuple[Tensor, Tensor]:
        rows = mels.shape[0]
        scale = torch.empty(rows).uniform_(0.85, 1.2)
        bands = torch.empty(rows).uniform_(0.88, 1.12)
        mels = warp(mels, scale, bands, 0.015 * torch.randn(rows, 2))
        generator = torch.Generator().manual_seed(int(torch.randint(0, 1 << 30, ())))
        return mask(mels, generator), scale

    @staticmethod
    def _mask_time(heard: Tensor) -> Tensor:
        keep = torch.ones(heard.shape[:2])
        for row in range(len(keep)):
            for _ in range(2):
                at = int(torch.randint(0, heard.shape[1], ()))
                keep[row, at : at + int(torch.randint(0, 12, ()))] = 0
        return heard * keep[:, :, None].to(heard.dtype)

    def _ctc_loss(self, hidden: Tensor, counts: Tensor, batch: Batch) -> Tensor:
        logits = self.net.letters(hidden).float()
        scores = logits.log_softmax(-1).transpose(0, 1)
        return functional.ctc_loss(
            scores, batch.targets, counts, batch.target_sizes, blank=0, zero_infinity=True
        )

    def _word_losses(self, hidden: Tensor, batch: Batch, scale: Tensor) -> tuple[Tensor, Tensor]:
        rows, classes = batch.spans[:, 0], batch.spans[:, 3]
        last = hidden.shape[1] - 1
        first = frame_of(batch.spans[:, 1] * scale[rows]).clamp(0, last)
        final = (frame_of(batch.spans[:, 2] * scale[rows]) + 1).clamp(1, last + 1)
        final = torch.maximum(final, first + 1)
        sums = functional.pad(hidden.float().cumsum(1), (0, 0, 1, 0))
        pooled = (sums[rows, final] - sums[rows, first]) / (final - first)[:, None]
        words = functional.cross_entropy(
            self.net.words(pooled).float(), classes, label_smoothing=0.1
        )
        weight = max(0.0, 1 - self.step / 1000) if self.stage.name == "encoder" else 0.0
        if weight == 0:
            return words, torch.zeros(())
        return words, weight * self._flat_alignment(hidden, batch, first, final)

    def _flat_alignment(self, hidden: Tensor, batch: Batch, first: Tensor, final: Tensor) -> Tensor:
        aligned = torch.full(hidden.shape[:2], -100)
        groups: list[list[int]] = []
        at = 0
        for size in batch.target_sizes.tolist():
            word: list[int] = []
            for token in [*batch.targets[at : at + size].tolist(), 4]:
                if token != 4:
                    word.append(token)
                elif word:
                    groups.append(word)
                    word = []
            at += size
        for row, on, off, word in zip(
            batch.spans[:, 0].tolist(), first.tolist(), final.tolist(), groups, strict=True
        ):
            place = torch.arange(off - on) * len(word) // (off - on)
            aligned[row, on:off] = torch.tensor(word)[place]
        logits = self.net.letters(hidden).float()
        return functional.cross_entropy(logits.flatten(0, 1), aligned.flatten(), ignore_index=-100)

    def start(self) -> None:
        """Resume this stage, or take over the weights of the stages before."""
        path = self._path(self.stage.name)
        if path.exists():
            saved = torch.load(path, weights_only=True)
            self.net.load_state_dict(saved["net"])
            self.optimiser.load_state_dict(saved["optimiser"])
            self.average = list(saved["average"].values())
            self.step = saved["step"]
            return
        for name in self.stage.starts_from:
            saved = torch.load(self._path(name), weights_only=True)["average"]
            source = Trainer.part_of(name)
            chosen = {key: value for key, value in saved.items() if source(key)}
            own = self.net.state_dict()
            chosen = {k: v for k, v in chosen.items() if v.shape == own[k].shape}
            self.net.load_state_dict(chosen, strict=False)
        if self.stage.starts_from and self.stage.name == "join":
            self.net.join()
        self.average = [value.detach().clone() for value in self.net.state_dict().values()]

    @staticmethod
    def part_of(name: str):
        """Whether a weight belongs to what the stage ``name`` has trained."""

        def heard(key: str) -> bool:
            prefixes = ("layers.", "hf.wav2vec2.feature_extractor.conv_layers.")
            low = any(key.startswith(f"{p}{i}.") for p in prefixes for i in range(LISTENING))
            return low or key.startswith("to_mel.")

        return {
            "encoder": lambda key: not heard(key),
            "ear": heard,
            "join": lambda key: True,
        }[name]

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        path = self._path(self.stage.name)
        average = dict(zip(self.net.state_dict(), self.average, strict=True))
        saved = {
            "net": self.net.state_dict(),
            "average": average,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        torch.save(saved, path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)

    def score(self) -> None:
        """Print WER of en10-dev with the averaged weights."""
        own = {key: value.clone() for key, value in self.net.state_dict().items()}
        self.net.load_state_dict(dict(zip(own, self.average, strict=True)))
        self.net.eval()
        if self.stage.name != "ear":
            scored = connected_set(self.options.data, "en10-dev")
            said = [self._recognise(wave) for wave in scored.waves]
            errors, words = word_errors(scored.texts, said)
            print(f"dev step {self.step} WER {errors / words:.4f}", flush=True)
        self.net.train()
        self.net.load_state_dict(own)

    @torch.no_grad()
    def _recognise(self, wave: Tensor) -> str:
        from_mel = self.stage.name == "encoder"
        wave = wave[None]
        heard = self.mel(wave) if from_mel else self.net.listen(wave)
        counts = frame_counts(mel_counts(torch.tensor([wave.shape[1]])))
        return greedy(self.net.letters(self.net.encode(heard, counts, from_mel))[0])

    def _path(self, name: str) -> Path:
        path: Path = self.options.work / f"{name}.pt"
        return path


def work(rank: int, options: argparse.Namespace) -> None:
    """One process."""
    torch.set_num_threads(1)
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", str(options.port))
    dist.init_process_group("gloo", rank=rank, world_size=WORLD)
    stage = STAGES[options.stage]
    if options.steps:
        stage = replace(stage, steps=options.steps)
    Trainer(stage, options, rank).run()


def main() -> None:
    """Parse the command line and start the processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds speech/ and connected/")
    parser.add_argument("--work", type=Path, required=True, help="banks, logs and checkpoints")
    parser.add_argument("--stage", choices=tuple(STAGES), required=True)
    parser.add_argument("--steps", type=int, help="in place of the stage's own number")
    parser.add_argument("--port", type=int, default=29611)
    options = parser.parse_args()
    mp.spawn(work, (options,), nprocs=WORLD)


if __name__ == "__main__":
    main()
