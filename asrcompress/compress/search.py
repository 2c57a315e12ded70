"""The search for a plan: predicted from single layers, then corrected by measuring whole plans.

The sum of the layers' own harm is only a first guess: treated together, they add to each other or
cancel. So every plan that is a candidate is measured as a whole; the layers are tried again in the
presence of the best plan so far; and the bytes are shared out anew with what is found there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from asrcompress.compress.pricing import Choices, Harms, Pricing
from asrcompress.compress.sensitivity import Bench, Divergence, Table, mean
from asrcompress.compress.trial import AS_IT_IS, Plan, Treatment
from asrcompress.core.progress import Progress

_LEVELS = (2, 4, 8, 16, 32)
_CLOSE = 1.005  # sizes within 0.5 % are equal to a search by halving


@dataclass(frozen=True, slots=True)
class Measured:
    """A plan, its file's bytes, and the divergence of the whole of it."""

    plan: dict[str, Treatment]
    size_bytes: int
    divergence: Divergence

    @property
    def harm(self) -> float:
        """In nats a frame, the mean over conditions."""
        return mean(self.divergence)


@dataclass
class Search:
    """A search over the plans that a pricing knows, on a bench; `scan` comes first.

    known: what an earlier scan of the same measured; this one's is added.
    """

    bench: Bench
    pricing: Pricing
    progress: Progress
    known: Table = field(default_factory=dict)
    measured: list[Measured] = field(default_factory=list)
    alone: Table = field(default_factory=dict)

    def scan(self) -> None:
        """Measure each treatment of each layer alone, as far as it is not known."""
        nothing = dict.fromkeys(self.bench.conditions, 0.0)
        missing = {}
        for layer, treatments in self.pricing.choices.items():
            row = self.known.setdefault(layer, {AS_IT_IS: nothing})
            left = [treatment for treatment in treatments if treatment not in row]
            if left:
                missing[layer] = left
        if missing:
            self.bench.trial.use({})
            for layer, row in self._each("layers alone", missing).items():
                self.known[layer] |= row
        self.alone = {
            layer: {treatment: self.known[layer][treatment] for treatment in treatments}
            for layer, treatments in self.pricing.choices.items()
        }

    def scan_rest(self, plan: Plan) -> None:
        """Measure alone what a plan has and no scan had: a start may be rounded in its own way."""
        missing = {layer: [t] for layer, t in plan.items() if t not in self.alone[layer]}
        if missing:
            self.bench.trial.use({})
            for layer, row in self._each("layers alone", missing).items():
                self.alone[layer] = {**self.alone[layer], **row}

    def within(self, budget_bytes: int, starts: Iterable[Plan], rounds: int) -> Measured | None:
        """The plan of least measured harm in a file of so many bytes; None where none fits."""
        harms = _harms(self.alone)
        first = self.pricing.plan_within(harms, budget_bytes)  # none where only a start fits
        given = list(starts)
        for plan in chain(filter(None, [first]), given, map(self._rounded_best, given)):
            if self.pricing.size_of(plan) <= budget_bytes:
                self._measure(plan)
        best = self._least_harm(budget_bytes)
        for _ in range(rounds):
            if best is None:
                break
            before, best = best, self._improved(best, budget_bytes)
            if best is before:
                break
        return best

    def reaching(self, nats: float, starts: Iterable[Plan], rounds: int) -> Measured | None:
        """The smallest plan whose measured harm is at most so many nats; None where none is."""
        untreated = dict.fromkeys(self.pricing.choices, AS_IT_IS)
        for plan in (self.pricing.smallest, untreated, *starts):
            if self.pricing.allows(plan):
                self._measure(plan)
        self._halve(nats, _harms(self.alone), self.pricing.size_of(self.pricing.smallest))
        best = self._smallest_file(nats)
        for _ in range(rounds):
            if best is None:
                break
            self._halve(nats, self._harms_around(best), best.size_bytes // 2)
            before, best = best, self._smallest_file(nats)
            if best is before:
                break
        return best

    def _improved(self, best: Measured, budget_bytes: int) -> Measured:
        """The best after sharing out anew around it; fewer and fewer layers while that fails."""
        harms = self._harms_around(best)
        free = list(self.pricing.choices)
        while len(free) > 1:
            plan = self.pricing.plan_within(harms, budget_bytes, best.plan, free)
            if plan is None or plan == best.plan:
                break
            found = self._measure(plan)
            if found.harm < best.harm:
                return found
            changed = [layer for layer in free if plan[layer] != best.plan[layer]]
            changed.sort(key=lambda layer: -abs(harms[layer][plan[layer]]))
            free = changed[: len(changed) // 2]
        return best

    def _halve(self, nats: float, harms: Harms, low_bytes: int) -> None:
        """Measure plans of sizes that close in on the smallest one that reaches the target."""
        high_bytes = min(
            (found.size_bytes for found in self.measured if found.harm <= nats),
            default=self.pricing.untreated_bytes,
        )
        while high_bytes > low_bytes * _CLOSE:
            budget_bytes = (low_bytes + high_bytes) // 2
            plan = self.pricing.plan_within(harms, budget_bytes)
            if plan is not None and self._measure(plan).harm <= nats:
                high_bytes = budget_bytes
            else:
                low_bytes = budget_bytes

    def _harms_around(self, best: Measured) -> Harms:
        """What each change of one layer adds in the presence of a plan; the next levels measured.

        What is further away adds what it did alone.
        """
        self.bench.trial.use(best.plan)
        neighbours = {
            layer: [t for t in treatments if _is_near(t, best.plan.get(layer, AS_IT_IS))]
            for layer, treatments in self.pricing.choices.items()
        }
        table = _harms(self._each("layers in the plan", neighbours))
        alone = _harms(self.alone)
        found = {}
        for layer, treatments in self.pricing.choices.items():
            present = best.plan[layer]
            before = alone[layer].get(present, alone[layer][self._rounded(layer, present)])
            further = {treatment: alone[layer][treatment] - before for treatment in treatments}
            found[layer] = further | table[layer] | {present: 0.0}
        return found

    def _rounded_best(self, plan: Plan) -> Plan:
        """The plan with each layer's bits kept, and rounded in the way that harms least alone."""
        return {layer: self._rounded(layer, treatment) for layer, treatment in plan.items()}

    def _rounded(self, layer: str, treatment: Treatment) -> Treatment:
        same = [t for t in self.alone[layer] if t.bits == treatment.bits]
        return min(same, key=lambda t: mean(self.alone[layer][t]), default=treatment)

    def _each(self, what: str, choices: Choices) -> Table:
        total = sum(len(treatments) for treatments in choices.values())
        done = 0

        def told() -> None:
            nonlocal done
            done += 1
            self.progress(what, done, total)

        self.progress(what, 0, total)
        return self.bench.of_each(choices, told)

    def _measure(self, plan: Plan) -> Measured:
        """The plan measured as a whole, once."""
        full = {layer: plan.get(layer, AS_IT_IS) for layer in self.pricing.choices}
        known = next((found for found in self.measured if found.plan == full), None)
        if known is not None:
            return known
        found = Measured(full, self.pricing.size_of(full), self.bench.of_plan(full))
        self.measured.append(found)
        self.progress("whole plans", len(self.measured), len(self.measured))
        return found

    def _least_harm(self, budget_bytes: int) -> Measured | None:
        fitting = [found for found in self.measured if found.size_bytes <= budget_bytes]
        return min(fitting, key=lambda found: (found.harm, found.size_bytes), default=None)

    def _smallest_file(self, nats: float) -> Measured | None:
        reaching = [found for found in self.measured if found.harm <= nats]
        return min(reaching, key=lambda found: (found.size_bytes, found.harm), default=None)


def _harms(table: Table) -> Mapping[str, dict[Treatment, float]]:
    return {
        layer: {treatment: mean(found) for treatment, found in row.items()}
        for layer, row in table.items()
    }


def _is_near(treatment: Treatment, present: Treatment) -> bool:
    distance = _LEVELS.index(treatment.bits) - _LEVELS.index(present.bits)
    return treatment != present and abs(distance) <= 1
