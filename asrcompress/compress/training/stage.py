"""One stage of a training: what runs, how far it is, and what of it is saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from asrcompress.compress.training.objective import Objective
from asrcompress.compress.training.optimiser import learned


@dataclass
class Progress:
    """Where a stage is, and at which step it was saved last."""

    step: int = 0
    is_over: bool = False
    stopped_early: bool = False
    saved: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage runs: the objective, and both as accelerate wraps them."""

    name: str
    objective: Objective
    run: Any
    optimiser: Any
    steps: int


def state_of(stage: Stage, at: Progress, scaler: Any) -> dict[str, Any]:
    """All that a stage goes on from, for a checkpoint; scaler: of fp16's gradients, or None."""
    return {
        "step": at.step,
        "is_over": at.is_over,
        "stopped_early": at.stopped_early,
        "learned": {name: value.detach().cpu() for name, value in learned(stage.objective).items()},
        "optimiser": stage.optimiser.state_dict(),
        "scaler": None if scaler is None else scaler.state_dict(),
    }


def put_back(state: dict[str, Any], objective: Objective, optimiser: Any, scaler: Any) -> Progress:
    """Where the stage was; objective, optimiser and scaler are as they were then."""
    for name, value in learned(objective).items():
        value.data.copy_(state["learned"][name])
    optimiser.load_state_dict(state["optimiser"])
    if scaler is not None:
        scaler.load_state_dict(state["scaler"])
    return Progress(state["step"], state["is_over"], state["stopped_early"], state["step"])


@contextmanager
def telling_where(at: Progress, before: int) -> Iterator[None]:
    """Let an interrupt say where the training goes on; before: steps of earlier stages."""
    try:
        yield
    except KeyboardInterrupt:
        saved = before + at.saved
        where = f"from step {saved + 1}" if saved else "from the beginning"
        raise KeyboardInterrupt(f"the same command goes on {where}") from None
