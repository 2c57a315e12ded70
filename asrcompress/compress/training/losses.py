"""Distances between a student and its teacher, over real frames only."""

from __future__ import annotations

import torch
from torch.nn import functional


def mean_square(student: torch.Tensor, teacher: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """The mean squared difference of (batch, frames, width) over frames where real, a scalar."""
    difference = (student.float() - teacher.float())[real]
    return difference.square().mean()


def mean_absolute(student: torch.Tensor, teacher: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """The mean absolute difference of (batch, frames, width) over frames where real, a scalar."""
    difference = (student.float() - teacher.float())[real]
    return difference.abs().mean()


def cosine_distance(
    student: torch.Tensor, teacher: torch.Tensor, real: torch.Tensor
) -> torch.Tensor:
    """-log sigmoid(cos) averaged over frames where real; DistilHuBERT (2022), Eq. 1."""
    cosine = functional.cosine_similarity(student.float()[real], teacher.float()[real], dim=-1)
    return -functional.logsigmoid(cosine).mean()


def posterior_divergence(
    student: torch.Tensor, teacher: torch.Tensor, real: torch.Tensor, temperature: float
) -> torch.Tensor:
    """temperature^2 KL(teacher || student) of softened posteriors, in nats a frame, a scalar.

    student, teacher: logits (batch, frames, tokens). Source: Hinton et al. (2015), section 2.
    """
    towards = functional.log_softmax(teacher.float()[real] / temperature, dim=-1)
    found = functional.log_softmax(student.float()[real] / temperature, dim=-1)
    divergence = functional.kl_div(found, towards, reduction="batchmean", log_target=True)
    return divergence * temperature**2


def ctc(
    logits: torch.Tensor, frames: torch.Tensor, labels: torch.Tensor, blank: int
) -> torch.Tensor:
    """Connectionist temporal classification, in nats a frame, a scalar; Graves et al. (2006).

    logits: (batch, frames, tokens). frames: (batch,) real ones. labels: (batch, longest), -100
    beyond a text's end. A text too long for its frames counts nothing.
    """
    log_posteriors = functional.log_softmax(logits.float(), dim=-1).transpose(0, 1)
    lengths = (labels >= 0).sum(dim=-1)
    summed = functional.ctc_loss(
        log_posteriors,
        labels.clamp(min=0),
        frames,
        lengths,
        blank=blank,
        reduction="sum",
        zero_infinity=True,
    )
    return summed / frames.sum()
