"""Findings in which every text that someone outside chooses is the same, or begins with it."""

from __future__ import annotations

from functools import cache

from asrcompress.core.error_table import CellErrors, Confusion, ErrorTable
from asrcompress.core.findings import Findings
from asrcompress.core.gates import GateCheck
from asrcompress.core.ledger import Ledger
from asrcompress.core.ledger_table import LedgerTable
from asrcompress.core.pivot import PivotTable
from asrcompress.core.results import CostTable, Results
from asrcompress.core.speed import SpeedTable
from tests.report import broken, gates, speeds, wild
from tests.report.test_report_layer_summaries import row

MODEL, FORMS, CONDITIONS = "robust", ("fp32", "int8", "prune30"), ("clean", "noise-babble-10dB")


def findings(text: str) -> Findings:
    """Three artefacts under two conditions, with all that can stand beside results."""
    results = _results(text)
    names = [one.name for one in results.artefacts]
    return Findings(
        results=results,
        costs=CostTable(),
        errors=_errors(results, text),
        speed=SpeedTable(
            machine=text,
            rounds=3,
            baseline=names[0],
            speeds={
                name: speeds.speed(model).model_copy(update={"runtime": text, "kernels": (text,)})
                for name, model in zip(names, speeds.MODELS, strict=False)
            },
            notes=(text,),
            energy_note=text,
        ),
        gates=gates.table(source=text, checks=tuple(_checks(results, text))),
        ledgers=LedgerTable(ledgers={name: _ledger(text) for name in names[1:]}),
    )


@cache
def _full() -> Results:
    return wild.results()


def _named(text: str, name: str) -> str:
    return f"{text}{name.rpartition('/')[2]}"


def _results(text: str) -> Results:
    full = _full()
    artefacts = [one for one in full.artefacts if one.name in {f"{MODEL}/{x}" for x in FORMS}]
    conditions = [one for one in full.conditions if one.name in CONDITIONS]
    names = [*(one.name for one in artefacts), *(one.name for one in conditions)]
    kept = {name: _named(text, name) for name in names}
    cells = []
    for cell in full.cells:
        if {cell.artefact, cell.condition} <= {*kept}:
            place = {"artefact": kept[cell.artefact], "condition": kept[cell.condition]}
            groups = tuple(
                group.model_copy(update={"field": text, "value": f"{text}{group.value}"})
                for group in cell.groups
            )
            cells.append(cell.model_copy(update={**place, "groups": groups}))
    return full.model_copy(
        update={
            "title": text,
            "normaliser": text,
            "artefacts": tuple(
                one.model_copy(
                    update={
                        "name": kept[one.name],
                        "baseline": kept.get(one.baseline or ""),
                        "model": text,
                        "compression": _named(text, one.name),
                    }
                )
                for one in artefacts
            ),
            "conditions": tuple(
                one.model_copy(
                    update={"name": kept[one.name], "corpus": text, "is_simulated": True}
                )
                for one in conditions
            ),
            "cells": tuple(cells),
            "margins": (),
            "notes": (text, f"{text} again"),
            "published": wild.PUBLISHED.model_copy(
                update={"paper": text, "differences": (text,), "figures": _published(text)}
            ),
            "tables": (
                PivotTable(title=text, columns=tuple(kept[f"{MODEL}/{form}"] for form in FORMS)),
            ),
            "versions": {text: text},
        }
    )


def _published(text: str) -> tuple[object, ...]:
    figure = wild.PUBLISHED.figures[0]
    return (figure.model_copy(update={"source": text, "artefact": text, "condition": text}),)


def _errors(results: Results, text: str) -> ErrorTable:
    words = broken.flip(text, "a b c", "a x c d", "=s=i")
    alignment = tuple(
        place.model_copy(
            update={
                "reference": place.reference and text,
                "hypothesis": place.hypothesis and text,
            }
        )
        for place in words.alignment
    )
    flip = words.model_copy(update={"text": text, "pred_text": text, "alignment": alignment})
    confusion = Confusion(reference=text, hypothesis=None, count=7, baseline_count=2)
    return ErrorTable(
        cells=tuple(
            CellErrors(
                artefact=cell.artefact,
                condition=cell.condition,
                baseline=results.artefacts[0].name,
                flips_total=3,
                recoveries_total=1,
                flips=(flip,),
                confusions=(confusion, confusion.model_copy(update={"hypothesis": text})),
            )
            for cell in results.cells
            if cell.comparison
        )
    )


def _checks(results: Results, text: str) -> list[GateCheck]:
    place = {"gate": text, "words": text, "field": text, "group": f"{text}south"}
    return [
        gates.check(
            outcome,
            **place,
            artefact=results.artefacts[1].name,
            condition=results.conditions[0].name,
        )
        for outcome in ("failed", "missing", "inconclusive", "passed")
    ]


def _ledger(text: str) -> Ledger:
    stem = f"{text.replace('.', '_')}.layers"
    return Ledger(
        rows=tuple(
            row(f"{stem}.{block}.{kind}.weight", (4, 5)) for block in (0, 1) for kind in ("a", "b")
        )
    )
