"""Rescoring: what was stored comes out the same, and what was asked for otherwise differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.core.findings import Findings
from asrcompress.evaluate import Outcome, kaldi_line
from asrcompress.evaluate.rescore import RescoreRequest, run
from asrcompress.report import write
from tests.evaluate.stored_runs import stored_run


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored_run(tmp_path_factory.mktemp("stored") / "run")


def _written(outcome: Outcome, folder: Path) -> Path:
    cells = [(cell.artefact, cell.condition) for cell in outcome.results.cells]
    evaluations = dict(zip(cells, outcome.evaluations, strict=True))
    folder.mkdir()
    write(folder, Findings(outcome.results, outcome.costs, outcome.errors), evaluations)
    return folder


def _wer(outcome: Outcome, artefact: str, condition: str) -> str:
    cell = outcome.results.cell(artefact, condition)
    assert cell is not None
    return kaldi_line(cell.words)


@pytest.mark.parametrize("by", [(), ("device",)])
def test_the_same_normaliser_gives_the_same_bytes(by: tuple[str, ...], tmp_path: Path) -> None:
    """Every file, groups that were asked for and notes on what was not scored among them."""
    before = stored_run(tmp_path / "before", by=by)
    after = _written(run(RescoreRequest(before)), tmp_path / "after")
    names = sorted(path.name for path in before.iterdir())
    assert sorted(path.name for path in after.iterdir()) == names
    assert {"results.json", "cells.csv", "utterances.jsonl", "errors.json"} <= set(names)
    for name in names:
        assert (after / name).read_bytes() == (before / name).read_bytes()


@pytest.mark.parametrize("name", ["results.json", "utterances.jsonl"])
def test_a_file_of_the_folder_stands_for_it(stored: Path, name: str) -> None:
    assert run(RescoreRequest(stored / name)) == run(RescoreRequest(stored))


def test_another_normaliser(stored: Path) -> None:
    """Counts by hand: `Go, LEFT!` against `go left` is wrong twice if nothing is normalised.

    Clean, fp32: basic has colour/color, meücht/meucht and the Hindi word lost, of 10 words; none
    has `Go,` and `LEFT!` besides.
    """
    basic, none = run(RescoreRequest(stored)), run(RescoreRequest(stored, normaliser="none"))
    assert _wer(basic, "fp32", "clean") == "%WER 30.00 [ 3 / 10, 0 ins, 1 del, 2 sub ]"
    assert _wer(none, "fp32", "clean") == "%WER 50.00 [ 5 / 10, 0 ins, 1 del, 4 sub ]"
    assert none.results.normaliser == "none-1"
    assert none.results.artefacts == basic.results.artefacts
    assert none.evaluations[0].utterances[0].text == "Go, LEFT!"


def test_another_margin_moves_the_tests_only(stored: Path) -> None:
    strict, wide = run(RescoreRequest(stored)), run(RescoreRequest(stored, margin=1.0))
    before = strict.results.cell("int8", "clean")
    after = wide.results.cell("int8", "clean")
    assert before is not None
    assert after is not None
    assert before.comparison is not None
    assert after.comparison is not None
    assert (before.comparison.margin, after.comparison.margin) == (0.02, 1.0)
    assert after.comparison.p_non_inferior < before.comparison.p_non_inferior
    assert after.comparison.interval == before.comparison.interval
    assert after.words == before.words


def test_another_breakdown(stored: Path) -> None:
    outcome = run(RescoreRequest(stored, by=("speaker",)))
    assert {group.field for cell in outcome.results.cells for group in cell.groups} == {"speaker"}
    with pytest.raises(InputError, match="no such column to break down by"):
        run(RescoreRequest(stored, by=("site",)))


def test_other_draws(stored: Path) -> None:
    """Seed and replicates are as stored unless given."""
    outcome = run(RescoreRequest(stored, seed=4, replicates=300))
    compared = [cell.comparison for cell in outcome.results.cells if cell.comparison]
    assert outcome.results.seed == 4
    assert {comparison.replicates for comparison in compared} == {300}


def test_notes_that_cannot_be_made_again_stay(stored: Path) -> None:
    """The recipe's, and how many had no reference or no audio; the others are made anew, once."""
    notes = run(RescoreRequest(stored, normaliser="none", margin=0.5)).results.notes
    assert notes[0] == "A note of the recipe."
    assert "Not scored under clean: 1 utterance without a reference." in notes
    assert "Not scored under clean: 1 audio file that could not be read." in notes
    assert len(notes) == len(set(notes))


def test_files_of_two_runs_are_refused(stored: Path, tmp_path: Path) -> None:
    """A line of a strange cell, a changed count, a line less: nothing is scored over it."""
    lines = (stored / "utterances.jsonl").read_text(encoding="utf-8").splitlines()
    first = json.loads(lines[0])
    for number, changed in enumerate(
        (
            [json.dumps({**first, "condition": "rain"}), *lines[1:]],
            [json.dumps({**first, "s": 1}), *lines[1:]],
            lines[1:],
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "results.json").write_bytes((stored / "results.json").read_bytes())
        text = "\n".join(changed)
        (folder / "utterances.jsonl").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match="results and utterances do not belong together"):
            run(RescoreRequest(folder))


def test_options_of_files_are_refused_for_a_folder(stored: Path) -> None:
    with pytest.raises(InputError, match="baseline is for files of hypotheses"):
        run(RescoreRequest(stored, baseline=Path("x.trn")))
    with pytest.raises(InputError, match="missing is for files of hypotheses"):
        run(RescoreRequest(stored, missing="all"))


@pytest.mark.parametrize(
    "wrong", [{"normaliser": "basik"}, {"margin": -1.0}, {"replicates": 0}, {"missing": "some"}]
)
def test_bad_requests(wrong: dict[str, Any]) -> None:
    """Refused before anything is read."""
    with pytest.raises(InputError):
        RescoreRequest(Path("nowhere"), **wrong)


def test_nothing_there() -> None:
    with pytest.raises(InputError, match="no such file or folder: nowhere"):
        run(RescoreRequest(Path("nowhere")))


def _file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def texts(tmp_path: Path) -> dict[str, Path]:
    """The same three utterances as trn, as Kaldi text and as NeMo rows; int8 lacks u3."""
    rows = [
        {"audio_filepath": f"{key}.wav", "text": text, "pred_text": heard, "duration": 1.5}
        for key, text, heard in (("u1", "one two", "one too"), ("u2", "I", "I"), ("u3", "x y", ""))
    ]
    return {
        "ref": _file(tmp_path / "ref.trn", ";; ours\none two (u1)\nI (u2)\nx y (u3)\n"),
        "fp32": _file(tmp_path / "fp32.trn", "one too (u1)\nI (u2)\n(u3)\n"),
        "int8": _file(tmp_path / "int8.txt", "u1 one two\nu2 eye\n"),
        "nemo": _file(tmp_path / "nemo.jsonl", "\n".join(map(json.dumps, rows))),
    }


def test_a_nemo_file_has_both_sides(texts: dict[str, Path]) -> None:
    """One file is enough, its audio need not be there; sizes are unknown, not zero."""
    outcome = run(RescoreRequest(texts["nemo"]))
    (cell,) = outcome.results.cells
    assert cell.words == ErrorCounts(s=1, d=2, n=5)
    (artefact,) = outcome.results.artefacts
    assert (artefact.name, artefact.compression) == ("nemo", "unknown")
    assert artefact.sizes.memory_bytes is None
    assert artefact.decoding.recogniser == "stored hypotheses"
    assert artefact.decoding.threads is None
    assert outcome.results.conditions[0].audio_s == 4.5
    assert outcome.costs.costs == {}


def test_files_against_references(texts: dict[str, Path], tmp_path: Path) -> None:
    """Texts without audio have no duration, and the outcome can be written all the same."""
    outcome = run(RescoreRequest(texts["fp32"], corpus=texts["ref"]))
    assert _wer(outcome, "fp32", "ref") == "%WER 60.00 [ 3 / 5, 0 ins, 2 del, 1 sub ]"
    assert outcome.results.conditions[0].audio_s is None
    folder = _written(outcome, tmp_path / "written")
    assert run(RescoreRequest(folder)) == outcome


def test_missing_hypotheses_of_files(texts: dict[str, Path]) -> None:
    """Strict names them; present leaves u3 out; all counts its two words as deleted."""
    request = RescoreRequest(texts["int8"], corpus=texts["ref"])
    with pytest.raises(InputError, match=r"without a hypothesis: .*got 1 of 3, first: u3"):
        run(request)
    present = run(RescoreRequest(texts["int8"], corpus=texts["ref"], missing="present"))
    every = run(RescoreRequest(texts["int8"], corpus=texts["ref"], missing="all"))
    assert _wer(present, "int8", "ref") == "%WER 33.33 [ 1 / 3, 0 ins, 0 del, 1 sub ]"
    assert _wer(every, "int8", "ref") == "%WER 60.00 [ 3 / 5, 0 ins, 2 del, 1 sub ]"
    assert "Not scored under ref: 1 utterance without a hypothesis." in present.results.notes


def test_a_baseline_is_compared_on_what_both_have(texts: dict[str, Path]) -> None:
    """present: u3, which int8 lacks, counts for neither; the flip of u2 is found."""
    request = RescoreRequest(
        texts["int8"], corpus=texts["ref"], baseline=texts["fp32"], missing="present"
    )
    outcome = run(request)
    assert [cell.words for cell in outcome.results.cells] == [ErrorCounts(s=1, n=3)] * 2
    assert outcome.results.baseline == "fp32"
    comparison = outcome.results.cells[1].comparison
    assert comparison is not None
    assert comparison.delta_wer == 0
    (errors,) = outcome.errors.cells
    assert ([flip.id for flip in errors.flips], errors.recoveries_total) == (["u2"], 1)


def test_files_of_one_name_stay_apart(texts: dict[str, Path], tmp_path: Path) -> None:
    other = tmp_path / "old"
    other.mkdir()
    before = _file(other / "fp32.trn", "one two (u1)\nI (u2)\nx y (u3)\n")
    outcome = run(RescoreRequest(texts["fp32"], corpus=texts["ref"], baseline=before))
    assert [row.name for row in outcome.results.artefacts] == ["fp32 (baseline)", "fp32"]


def test_hypotheses_of_other_utterances(texts: dict[str, Path], tmp_path: Path) -> None:
    """An error in strict, else counted in a note."""
    more = _file(tmp_path / "more.trn", "one two (u1)\nI (u2)\nx (u3)\nz (u4)\n")
    with pytest.raises(InputError, match=r"of no utterance in the references.*1 of 4, first: u4"):
        run(RescoreRequest(more, corpus=texts["ref"]))
    outcome = run(RescoreRequest(more, corpus=texts["ref"], missing="present"))
    assert "Left out: 1 hypothesis of more without a reference." in outcome.results.notes


def test_references_are_needed(texts: dict[str, Path]) -> None:
    """A file is never its own reference; a .jsonl without texts has nothing to score."""
    with pytest.raises(InputError, match=r"hypotheses without references: .*--corpus"):
        run(RescoreRequest(texts["fp32"]))
    bare = _file(texts["nemo"].with_name("bare.jsonl"), '{"id": "u1", "pred_text": "x"}')
    with pytest.raises(NothingToEvaluateError, match="no reference text"):
        run(RescoreRequest(bare))


def test_the_bundled_corpus_as_references(tmp_path: Path) -> None:
    """Any corpus will do: here every word of it is deleted, its speakers are the blocks."""
    nothing = _file(tmp_path / "nothing.txt", "alicia-0\n")
    outcome = run(RescoreRequest(nothing, corpus="bundled:corpus", missing="all", replicates=100))
    (cell,) = outcome.results.cells
    assert cell.words == ErrorCounts(d=320, n=320)
    assert any("16 speakers" in note for note in outcome.results.notes)
