"""The training loop: `accelerate` runs it, on a CPU, a GPU or several, from the same code.

Each step's audio, dropout and masks are drawn from the seed and the step alone, so a training that
was killed goes on from its last checkpoint to the same weights, on the same machine with the same
number of threads and processes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch

from asrcompress.compress.training import processes
from asrcompress.compress.training.accelerator import accelerator_for, device_name
from asrcompress.compress.training.batches import Batch, Batches
from asrcompress.compress.training.checkpoint import Checkpoints
from asrcompress.compress.training.curves import CurveLog
from asrcompress.compress.training.held_out import HeldOut, split
from asrcompress.compress.training.objective import Objective
from asrcompress.compress.training.params import TrainingParams
from asrcompress.compress.training.schedule import rate_at
from asrcompress.compress.training.trained import TrainingContext
from asrcompress.core.errors import ModelError
from asrcompress.core.files import sha256_of_json
from asrcompress.core.training_record import TrainingCorpus, TrainingRecord

_CLIP = 1.0  # the gradients' largest norm; CoFi's and most fine-tunings'
_MEASURED = 20  # times a stage that the held-out divergence is measured
_TIMED = 200  # steps whose time the median is over


@dataclass
class _Progress:
    """Where a stage is."""

    step: int = 0
    is_over: bool = False
    stopped_early: bool = False


class Training:
    """One training of one or more stages, each of which may be resumed.

    Raises, from any method:
        InputError: a recording cannot be read, or transcripts are asked for and lacking.
        OutputError: its folder holds another training, or cannot be written.
        ModelError: the loss is no longer a number.
    """

    def __init__(self, params: TrainingParams, context: TrainingContext, steps: int) -> None:
        """steps: of all stages together."""
        self.params, self.context = params, context
        self.accelerator = accelerator_for(context.place.device, params.precision)
        self.device = self.accelerator.device
        learned, held = split(context.audio, context.seed)
        self.teacher = context.original()
        self.held_out = HeldOut(self.teacher, held)
        self.teacher.model.to(self.device)
        self.batches = Batches(
            self.teacher, learned, params, context.seed, processes.rank(), processes.count()
        )
        self.corpus = TrainingCorpus(
            name=learned.name,
            utterances=len(learned.utterances),
            duration_s=round(sum(u.duration_s for u in learned.utterances), 3),
            speakers=len({u.speaker for u in learned.utterances} - {None}) or None,
            sha256=learned.sha256,
            transcripts=params.ctc_weight > 0,
            augmentation=learned.augmentation,
            held_out=len(held.utterances),
        )
        self.checkpoints = Checkpoints(context.folder)
        if processes.is_main():
            self.checkpoints.open(context.identity)
        self.accelerator.wait_for_everyone()
        self.log = CurveLog.over(steps)
        self.steps, self.before, self.done = steps, 0, 0
        self.stopped_early = False
        self.seconds: list[float] = []

    def learn(self, name: str, objective: Objective, steps: int) -> None:
        """Run a stage to its end; afterwards the objective holds what was learned, on the device.

        A stage that was over before is not run again.
        """
        objective.to(self.device)
        optimiser = torch.optim.AdamW(_groups(objective), weight_decay=0.0)
        at = self._resume(name, objective, optimiser)
        self.stopped_early = at.stopped_early
        if not at.is_over:
            run, optimiser = self.accelerator.prepare(objective, optimiser)
            with ThreadPoolExecutor(1) as aside:
                self._run(name, (objective, run, optimiser), steps, at, aside)
        objective.prepare(max(0, at.step - 1))
        self.before += at.step
        self.done += at.step

    def divergence(self, model: torch.nn.Module) -> float | None:
        """KL(teacher || model) on the held-out utterances, in nats a frame."""
        return self.held_out.divergence(model)

    def record(
        self,
        method: str,
        block_parameters: tuple[int, int],
        divergence: float | None,
        **of_the_method: Any,
    ) -> TrainingRecord:
        """What is to be read of this training."""
        return TrainingRecord(
            method=method,
            corpus=self.corpus,
            steps_asked=self.steps,
            steps_done=self.done,
            stopped="divergence goal met" if self.stopped_early else "all steps done",
            batch_s=self.params.batch_seconds,
            seconds_a_step=round(median(self.seconds), 6) if self.seconds else 0.0,
            processes=processes.count(),
            device=device_name(self.device),
            precision=self.params.precision,
            block_parameters=block_parameters,
            divergence=divergence,
            curves=self.log.curves(),
            masks=self.log.mask_curves(),
            **of_the_method,
        )

    def _run(
        self, name: str, parts: tuple[Objective, Any, Any], steps: int, at: _Progress, aside: Any
    ) -> None:
        objective, run, optimiser = parts
        objective.train()
        for batch in self._heard(at.step, steps, aside):
            started = time.perf_counter()
            values = self._step(objective, run, optimiser, batch, at.step, steps)
            at.step += 1
            self.seconds = [*self.seconds[-_TIMED:], time.perf_counter() - started]
            self.log.add(values)
            self._observe(name, objective, at, steps)
            at.is_over = at.is_over or at.step == steps
            if at.is_over or at.step % self.context.place.checkpoint_steps == 0:
                self._save(name, objective, optimiser, at)
            if at.is_over:
                return

    def _heard(self, first: int, steps: int, aside: ThreadPoolExecutor) -> Iterator[Batch]:
        """The batches of a stage, the next one made while one is learned from."""
        offset = self.before
        coming = aside.submit(self.batches.at, offset + first)
        for step in range(first, steps):
            batch = coming.result()
            if step + 1 < steps:
                coming = aside.submit(self.batches.at, offset + step + 1)
            yield batch.to(self.device)

    def _step(
        self, objective: Objective, run: Any, optimiser: Any, batch: Batch, step: int, steps: int
    ) -> dict[str, float]:
        torch.manual_seed(_seed_of(self.context.seed, self.before + step, processes.rank()))
        objective.prepare(step)
        _set_rates(optimiser, self.params.learning_rate, rate_at(step, steps))
        losses: dict[str, torch.Tensor] = run(batch, step)
        if not bool(torch.isfinite(losses["loss"])):
            raise ModelError(
                "the loss is no longer a number",
                got=f"step {step + 1}",
                next_step="lower learning_rate, or train in fp32",
            )
        self.accelerator.backward(losses["loss"])
        self.accelerator.clip_grad_norm_(_scheduled(objective), _CLIP)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        return {term: float(value.detach()) for term, value in losses.items()}

    def _observe(self, name: str, objective: Objective, at: _Progress, steps: int) -> None:
        """Points of the curves, the held-out divergence, and whether its goal is met."""
        overall = self.before + at.step
        is_measured = at.step == steps or at.step % max(1, steps // _MEASURED) == 0
        if not (is_measured or self.log.is_due(overall)):
            return
        measured = dict(objective.measures())
        if is_measured:
            found = self.divergence(objective.student())
            objective.train()
            if found is not None:
                measured["divergence"] = found
            goal = self.params.stop_divergence
            if goal is not None and found is not None and found < goal and objective.is_ready():
                at.is_over = at.stopped_early = self.stopped_early = True
        row = self.log.point(overall, measured)
        if self.log.is_mask_due(overall) and (means := objective.mask_means()):
            self.log.masks.append({"step": overall, **means})
        self.context.progress(_news(name, row), overall, self.steps)

    def _resume(self, name: str, objective: Objective, optimiser: Any) -> _Progress:
        state = self.checkpoints.read(name)
        if state is None:
            return _Progress()
        for key, value in _learned(objective).items():
            value.data.copy_(state["learned"][key])
        optimiser.load_state_dict(state["optimiser"])
        self.log.restore(state["log"])
        self.seconds = list(state["seconds"])
        return _Progress(state["step"], state["is_over"], state["stopped_early"])

    def _save(self, name: str, objective: Objective, optimiser: Any, at: _Progress) -> None:
        if processes.is_main():
            state = {
                "step": at.step,
                "is_over": at.is_over,
                "stopped_early": at.stopped_early,
                "learned": {k: v.detach().cpu() for k, v in _learned(objective).items()},
                "optimiser": optimiser.state_dict(),
                "log": self.log.state(),
                "seconds": self.seconds,
            }
            self.checkpoints.save(name, state)
        self.accelerator.wait_for_everyone()


def _learned(objective: Objective) -> dict[str, torch.nn.Parameter]:
    return {name: p for name, p in objective.named_parameters() if p.requires_grad}


def _groups(objective: Objective) -> list[dict[str, Any]]:
    return [{"scale": 1.0, "is_constant": False, **group} for group in objective.parameter_groups()]


def _scheduled(objective: Objective) -> list[torch.nn.Parameter]:
    """The parameters whose gradients are clipped."""
    groups = [group for group in _groups(objective) if not group["is_constant"]]
    return [parameter for group in groups for parameter in group["params"]]


def _set_rates(optimiser: Any, highest: float, share: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = highest * group["scale"] * (1.0 if group["is_constant"] else share)


def _seed_of(seed: int, step: int, rank: int) -> int:
    return int(sha256_of_json([seed, "step", step, rank])[:15], 16)


def _news(name: str, row: Mapping[str, float]) -> str:
    """For example: training prune: loss 0.123, sparsity 0.51 of 0.80."""
    said = f"{name}: loss {row['loss']:.4g}" if "loss" in row else name
    if "expected_sparsity" in row:
        said += f", sparsity {row['expected_sparsity']:.2f} of {row['target_sparsity']:.2f}"
    if "divergence" in row:
        said += f", divergence {row['divergence']:.3g}"
    return said
