"""How a model's layers divide into classes of importance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from asrcompress.core.ledger import FuzzyClass, LedgerRow, Memberships
from asrcompress.core.manifest import ArtefactManifest


@dataclass(frozen=True, slots=True)
class ClassShares:
    """Shares of the layers, as %L, %M, %H and %Pr in Oujabour et al. (2025), tables V and VI.

    pruning_rate: the mean rate of the pruned layers, each layer counted once whatever its size;
    None where no layer was pruned for its class.
    """

    layers: int
    low: float
    medium: float
    high: float
    pruning_rate: float | None


def class_shares_of(manifest: ArtefactManifest) -> ClassShares | None:
    """The classes by which a model's layers were treated; None where they were not the reason."""
    if not any(step.method == "adaptive" for step in manifest.steps):
        return None
    return class_shares(manifest.ledger.rows)


def class_shares(rows: Iterable[LedgerRow]) -> ClassShares | None:
    """The classes of all layers that have one; None where no layer has."""
    classed = [
        (row, row.analysis.memberships)
        for row in rows
        if row.analysis is not None and row.analysis.memberships is not None
    ]
    if not classed:
        return None
    memberships = [found for _, found in classed]
    rates = [found.low for row, found in classed if _is_pruned(row, found)]
    return ClassShares(
        layers=len(classed),
        low=_share(memberships, "low"),
        medium=_share(memberships, "medium"),
        high=_share(memberships, "high"),
        pruning_rate=sum(rates) / len(rates) if rates else None,
    )


def _share(memberships: list[Memberships], layer_class: FuzzyClass) -> float:
    return sum(found.layer_class == layer_class for found in memberships) / len(memberships)


def _is_pruned(row: LedgerRow, memberships: Memberships) -> bool:
    """With three classes a low layer is pruned and gets 8 bits; with two it gets 2 bits."""
    return memberships.layer_class == "low" and row.qtype == "qint8"
