"""The gates of an evaluation, and what they are about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from asrcompress.audit.gates.check import LoadedGates, check
from asrcompress.audit.gates.evidence import Evaluations
from asrcompress.audit.gates.of_recipe import check_columns
from asrcompress.audit.gates.places import Expected
from asrcompress.audit.gates.text import load_gate_file
from asrcompress.core.corpus import Corpus, read_corpus
from asrcompress.core.findings import Findings
from asrcompress.core.gates import GateTable
from asrcompress.evaluate import EvaluateRequest
from asrcompress.evaluate.run import checkpoints_of


@dataclass(frozen=True, slots=True)
class HeldEvaluation:
    """A request whose corpus is read, and the gates that its results are to be held to."""

    request: EvaluateRequest
    gates: LoadedGates
    expected: Expected

    def check(self, found: Findings, evaluations: Evaluations) -> GateTable:
        """Every rule held against what the request found."""
        return check(found, evaluations, self.gates, self.expected)


def gates_of_evaluation(request: EvaluateRequest, gate_file: Path) -> HeldEvaluation:
    """The gates in a file, checked against the request before it is run.

    Raises:
        InputError, RecipeError: the file, a baseline that it names, or the corpus cannot be used.
        ModelError: a model cannot be found.
    """
    corpus = request.corpus
    if not isinstance(corpus, Corpus):
        corpus = read_corpus(corpus, format_name=request.format_name)
    names = list(checkpoints_of(request))
    baseline = names[0] if len(names) > 1 else None
    expected = Expected(
        {name: None if name == baseline else baseline for name in names},
        (corpus.name,),
        has_cost=request.measure_cost or request.speed is not None,
        has_speed=request.speed is not None,
    )
    gates = load_gate_file(gate_file, expected)
    check_columns(gates, corpus)
    return HeldEvaluation(replace(request, corpus=corpus), gates, expected)
