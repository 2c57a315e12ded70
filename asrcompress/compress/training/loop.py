"""The training loop: `accelerate` runs it, on a CPU, a GPU or several, from the same code.

Each step's audio, dropout and masks are drawn from the seed and the step alone, so a training that
was killed goes on from its last checkpoint to the same weights, on the same machine with the same
number of threads and processes.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import torch

from asrcompress.compress.decision import CalibrationAudio
from asrcompress.compress.training import processes
from asrcompress.compress.training.accelerator import (
    OwnState,
    accelerator_for,
    device_name,
    own_randomness,
)
from asrcompress.compress.training.audio import corpus_of
from asrcompress.compress.training.batches import Batch, Batches, ahead
from asrcompress.compress.training.checkpoint import Checkpoints
from asrcompress.compress.training.curves import CurveLog
from asrcompress.compress.training.held_out import LEAST, HeldOut, split
from asrcompress.compress.training.objective import Objective
from asrcompress.compress.training.optimiser import clipped, optimiser_for, set_rates
from asrcompress.compress.training.params import TrainingParams
from asrcompress.compress.training.schedule import rate_at
from asrcompress.compress.training.stage import (
    Progress,
    Stage,
    put_back,
    state_of,
    telling_where,
)
from asrcompress.compress.training.trained import TrainingContext
from asrcompress.core.errors import InputError, ModelError
from asrcompress.core.files import sha256_of_json
from asrcompress.core.training_record import TrainingRecord

_CLIP = 1.0  # the gradients' largest norm; CoFi's and most fine-tunings'
_MEASURED = 20  # times a stage that the held-out divergence is measured
_TIMED = 200  # steps whose time the median is over


class Training:
    """One training of one or more stages, each of which may be resumed.

    Ctrl-C leaves it with KeyboardInterrupt, whose words say where it goes on.

    Raises, from any method:
        InputError: a recording cannot be read, transcripts are asked for and lacking, or an
            early stop with too few recordings to measure it on.
        OutputError: its folder holds another training, or cannot be written.
        ModelError: the loss or its gradient is no longer a number.
    """

    def __init__(self, params: TrainingParams, context: TrainingContext, steps: int) -> None:
        """steps: of all stages together."""
        audio, held = split(context.audio, context.seed)
        _refuse_goal_unmeasured(params, held)
        self.params, self.context = params, context
        self.checkpoints = Checkpoints(context.folder)
        self._own_state = OwnState()
        with self._own_state():
            self.accelerator = accelerator_for(context.place.device, params.precision)
            self.device = self.accelerator.device
            if processes.is_main():
                self.checkpoints.open(context.identity)
            self.accelerator.wait_for_everyone()
        self.teacher = context.original()
        self.batches = Batches(
            self.teacher, audio, params, context.seed, processes.rank(), processes.count()
        )
        self.held_out = HeldOut(self.teacher, held)
        self.teacher.model.to(self.device)
        self.corpus = corpus_of(audio, len(held.utterances), with_transcripts=params.ctc_weight > 0)
        self.log = CurveLog.over(steps)
        self.steps, self.before = steps, 0
        self.stopped_early = False
        self.seconds: list[float] = []

    def learn(self, name: str, objective: Objective, steps: int) -> None:
        """Run a stage to its end; afterwards the objective holds what was learned, on the device.

        A stage that was over before is not run again.
        """
        objective.to(self.device)
        optimiser = optimiser_for(objective)
        at = self._resume(name, objective, optimiser)
        self.stopped_early = at.stopped_early
        if not at.is_over:
            with self._own_state(), own_randomness(), telling_where(at, self.before):
                run, prepared = self.accelerator.prepare(objective, optimiser)
                with ThreadPoolExecutor(1) as aside:
                    self._run(Stage(name, objective, run, prepared, steps), at, aside)
                self.accelerator.free_memory()
        objective.prepare(max(0, at.step - 1))
        self.before += at.step

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
            steps_done=self.before,
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

    def _run(self, stage: Stage, at: Progress, aside: ThreadPoolExecutor) -> None:
        stage.objective.train()
        begun = time.perf_counter()
        numbers = range(self.before + at.step, self.before + stage.steps)
        for batch in ahead(self.batches, numbers, aside):
            values = self._step(stage, batch.to(self.device), at.step)
            at.step += 1
            self.seconds = [*self.seconds[1 - _TIMED :], time.perf_counter() - begun]
            self.log.add(values)
            self._observe(stage, at)
            at.is_over = at.is_over or at.step == stage.steps
            if at.is_over or at.step % self.context.place.checkpoint_steps == 0:
                self._save(stage, at)
            if at.is_over:
                return
            begun = time.perf_counter()

    def _step(self, stage: Stage, batch: Batch, step: int) -> dict[str, float]:
        torch.manual_seed(_seed_of(self.context.seed, self.before + step, processes.rank()))
        stage.objective.prepare(step)
        set_rates(stage.optimiser, self.params.learning_rate, step, stage.steps)
        losses: dict[str, torch.Tensor] = stage.run(batch, step)
        self._refuse_infinite("loss", losses["loss"], step)
        self.accelerator.backward(losses["loss"])
        norm = self.accelerator.clip_grad_norm_(clipped(stage.objective), _CLIP)
        if self.accelerator.scaler is None:  # which leaves out such a step, and scales less
            self._refuse_infinite("gradient", norm, step)
        stage.optimiser.step()
        stage.optimiser.zero_grad(set_to_none=True)
        return {term: float(value.detach()) for term, value in losses.items()}

    def _refuse_infinite(self, what: str, found: torch.Tensor, step: int) -> None:
        if not bool(torch.isfinite(found)):
            raise ModelError(
                f"the {what} is no longer a number",
                got=f"step {self.before + step + 1}",
                next_step="lower learning_rate, or train in fp32",
            )

    def _observe(self, stage: Stage, at: Progress) -> None:
        """Points of the curves, the held-out divergence, and whether its goal is met."""
        overall, objective = self.before + at.step, stage.objective
        is_last = at.step == stage.steps
        is_measured = is_last or at.step % max(1, -(-stage.steps // _MEASURED)) == 0
        if is_measured or self.log.is_due(overall):
            measured = dict(objective.measures())
            share = rate_at(at.step - 1, stage.steps)
            measured["learning_rate"] = self.params.learning_rate * share
            if is_measured and (found := self.divergence(objective.student())) is not None:
                measured["divergence"] = found
                at.is_over = at.stopped_early = self.stopped_early = self._is_met(found, objective)
            objective.train()
            self.log.point(overall, measured)
            if self.log.is_mask_due(overall) or is_last or at.is_over:
                self.log.point_of_masks(overall, objective.mask_means())
        self.context.progress(f"{stage.name}: {self.log.said()}", overall, self.steps)

    def _is_met(self, found: float, objective: Objective) -> bool:
        """Whether the goal is met, which the first of several processes says."""
        goal = self.params.stop_divergence
        is_met = goal is not None and found < goal and objective.is_ready()
        if processes.count() > 1:
            from accelerate.utils import broadcast

            is_met = bool(broadcast(torch.tensor(float(is_met), device=self.device)))
        return is_met

    def _resume(self, name: str, objective: Objective, optimiser: Any) -> Progress:
        state = self.checkpoints.read(name)
        if state is None:
            return Progress()
        self.log.restore(state["log"])
        self.seconds = list(state["seconds"])
        return put_back(state, objective, optimiser, self.accelerator.scaler)

    def _save(self, stage: Stage, at: Progress) -> None:
        if processes.is_main():
            of_all = {"log": self.log.state(), "seconds": self.seconds}
            state = state_of(stage, at, self.accelerator.scaler)
            self.checkpoints.save(stage.name, state | of_all)
        self.accelerator.wait_for_everyone()
        at.saved = at.step


def _refuse_goal_unmeasured(params: TrainingParams, held: CalibrationAudio) -> None:
    if params.stop_divergence is not None and not held.utterances:
        raise InputError(
            "nothing to measure stop_divergence on",
            where=held.name,
            got="too few recordings to keep any of them aside",
            expected=f"{LEAST} or more, of half a second or longer",
            next_step="give more recordings, or leave stop_divergence out",
        )


def _seed_of(seed: int, step: int, rank: int) -> int:
    return int(sha256_of_json([seed, "step", step, rank])[:15], 16)
