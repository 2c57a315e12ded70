"""What was redacted is in no format; what is left still tells the same one from others."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from asrcompress.core.findings import Findings
from asrcompress.core.pivot import PivotTable
from asrcompress.core.results import Results
from asrcompress.report import as_text, format_names, render, tables
from asrcompress.report.redaction import redacted
from tests.report import broken, everything, gates

SECRETS = (
    *("Alice-Example", "Bob-Example", "1089", "1089-134686-0003", "121-127105-0021", "ja-17"),
    *("stew", "caffè", "jumps", "home", "private", "clients"),
)
MODEL = "/home/clients/private/wav2vec2-large"


def _secret(results: Results) -> Results:
    """Speakers' names and paths wherever results have room for them."""
    speakers = {"north": "Alice-Example", "south": "1089"}
    cells = tuple(
        cell.model_copy(
            update={
                "groups": tuple(
                    group.model_copy(
                        update={"field": "speaker", "value": speakers.get(group.value, "x")}
                    )
                    for group in cell.groups
                )
            }
        )
        for cell in results.cells
    )
    artefacts = tuple(
        one.model_copy(
            update={
                "model": MODEL,
                "methods": ({"method": "distill", "teacher": "C:\\home\\private\\teacher"},),
                "decoding": one.decoding.model_copy(
                    update={"batch_note": "group norm, see /home/clients/notes.txt"}
                ),
            }
        )
        for one in results.artefacts
    )
    conditions = tuple(
        one.model_copy(
            update={"corpus": "/home/clients/corpus-7", "steps": ({"noise": "~/private/noise"},)}
        )
        for one in results.conditions
    )
    return results.model_copy(
        update={
            "cells": cells,
            "artefacts": artefacts,
            "conditions": conditions,
            "notes": (
                "1 file was left out: /home/clients/private/121-127105-0021.wav of Bob-Example.",
                "Utterance 1089-134686-0003 of speaker 1089 has no words.",
            ),
            "tables": (
                PivotTable(
                    title="By speaker", columns=("fp32", "int8"), by="speaker", data=("1089",)
                ),
            ),
        }
    )


@pytest.fixture
def found(wild_results: Results) -> Findings:
    """Findings with a secret in every place that may hold one."""
    errors = broken.errors()
    checks = (
        gates.check("failed", field="speaker", group="Bob-Example", words="Bob-Example: +1 point"),
        gates.check("passed", field="speaker", group="1089", gate="WER of 1089"),
    )
    table = gates.table(source="/home/clients/gates.yaml", checks=checks)
    small = everything.findings("plain")
    return replace(small, results=_secret(wild_results), errors=errors, gates=table)


def _everywhere(found: Findings) -> dict[str, str]:
    """Every format, and the terminal's tables with all their parts."""
    texts = {name: render(found, name) for name in format_names()}
    parts = tables(found, groups=True, intervals=True, flips=20, gates=True, layers=True)
    return texts | {"all tables": as_text(parts)}


def test_no_format_shows_what_was_redacted(found: Findings) -> None:
    """No speaker, utterance, word, path or file of the original in any of them."""
    before = _everywhere(found)
    for secret in SECRETS:
        assert any(secret in text for text in before.values()), secret
    for name, text in _everywhere(redacted(found)).items():
        for secret in SECRETS:
            assert not re.search(rf"(?<![\w.]){re.escape(secret)}(?!\w)", text), (name, secret)


def test_the_same_one_has_the_same_name_everywhere(found: Findings) -> None:
    """Alice is speaker-1 in every cell; the speaker of a check is that of the subgroups."""
    shown = redacted(found)
    assert {group.value for cell in shown.results.cells for group in cell.groups} == {
        "speaker-1",
        "speaker-2",
    }
    assert shown.gates is not None
    assert [check.group for check in shown.gates.checks] == ["speaker-3", "speaker-2"]
    assert shown.gates.checks[0].words == "speaker-3: +1 point"
    assert shown.gates.checks[1].gate == "WER of speaker-2"
    assert shown.results.tables[0].data == ("speaker-2",)
    flips = [flip for cell in shown.errors.cells for flip in cell.flips]
    assert [flip.id for flip in flips[:3]] == ["utterance-1", "utterance-2", "utterance-3"]
    assert [flip.errors for flip in flips[:3]] == [2, 3, 8]
    assert shown.results.notes[1] == "Utterance utterance-2 of speaker speaker-2 has no words."
    assert shown.results.artefacts[0].model == "wav2vec2-large"
    assert shown.results.artefacts[0].methods[0]["teacher"] == "teacher"
    assert shown.gates.source == "gates.yaml"


def test_figures_are_as_they_were(found: Findings) -> None:
    """Nothing is counted anew: cells.csv differs in nothing, the JSON only in names."""
    shown = redacted(found)
    assert render(shown, "csv") == render(found, "csv")
    cells = json.loads(render(shown, "json"))["cells"]
    for before, after in zip(json.loads(render(found, "json"))["cells"], cells, strict=True):
        assert [group["words"] for group in before["groups"]] == [
            group["words"] for group in after["groups"]
        ]


def test_two_models_of_one_last_part_stay_two(wild_results: Results) -> None:
    """a/base and b/base are two rows, not one."""
    artefacts = list(wild_results.artefacts)
    artefacts[0] = artefacts[0].model_copy(update={"model": "/a/base"})
    artefacts[1] = artefacts[1].model_copy(update={"model": "/b/base"})
    shown = redacted(Findings(wild_results.model_copy(update={"artefacts": tuple(artefacts)})))
    assert [row.model for row in shown.results.artefacts[:2]] == ["base", "base (2)"]


def test_short_values_stay_numbers_in_notes(wild_results: Results) -> None:
    """A speaker called 17 does not make a name of every 17."""
    group = wild_results.cells[0].groups[0].model_copy(update={"field": "speaker", "value": "17"})
    cell = wild_results.cells[0].model_copy(update={"groups": (group,)})
    notes = ("17 recordings were read; speaker 17 has none.",)
    update = {"cells": (cell, *wild_results.cells[1:]), "notes": notes}
    shown = redacted(Findings(wild_results.model_copy(update=update)))
    assert shown.results.notes == ("17 recordings were read; speaker speaker-1 has none.",)
