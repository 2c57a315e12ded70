"""evaluate from end to end, on tiny models and, where it is there, on real recordings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.cost import Cost
from asrcompress.core.errors import NothingToEvaluateError
from asrcompress.evaluate import CostOptions, EvaluateRequest, kaldi_line, run
from tests.evaluate.makers import audio_corpus

Tiny = Callable[[str], Path]
SHARED = Path(__file__).resolve().parents[3] / "shared"
WORDS10 = SHARED / "models" / "words10-wav2vec2"
EN10_TEST = SHARED / "data" / "connected" / "en10-test"
COST = Cost(
    device="cpu",
    threads=1,
    batch_size=1,
    audio_s=1.2,
    processing_s=0.1,
    load_s=0.1,
    memory_after_load_bytes=1,
    peak_memory_bytes=2,
)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return audio_corpus(tmp_path / "c", {"a": "one two", "b": "three", "c": "four five six"})


def _request(model: Path, corpus: Corpus, **options: object) -> EvaluateRequest:
    given = {"threads": 1, "measure_cost": False, "replicates": 100, **options}
    return EvaluateRequest(str(model), corpus, **given)  # type: ignore[arg-type]


def test_one_model(tiny: Tiny, corpus: Corpus) -> None:
    """One artefact under one condition named as the corpus, and no comparison."""
    outcome = run(_request(tiny("+wav2vec2"), corpus))
    (cell,) = outcome.results.cells
    assert (cell.artefact, cell.condition, cell.utterances) == ("+wav2vec2", "c", 3)
    assert cell.words.n == 6
    assert cell.comparison is None
    assert outcome.results.baseline is None
    assert outcome.results.conditions[0].audio_s == pytest.approx(1.2)
    assert outcome.costs.costs == {}
    assert [row.text for row in outcome.evaluations[0].utterances] == [
        "one two",
        "three",
        "four five six",
    ]


def test_against_a_baseline_in_the_same_batches(tiny: Tiny, corpus: Corpus) -> None:
    """If the baseline cannot be batched, the model is not batched either."""
    outcome = run(_request(tiny("+wav2vec2"), corpus, baseline=str(tiny("wav2vec2"))))
    assert [artefact.name for artefact in outcome.results.artefacts] == ["wav2vec2", "+wav2vec2"]
    plans = {artefact.decoding.batch_plan for artefact in outcome.results.artefacts}
    assert plans == {"longest-first-1"}
    cell = outcome.results.cell("+wav2vec2", "c")
    assert cell is not None
    assert cell.comparison is not None
    assert cell.comparison.baseline == outcome.results.baseline == "wav2vec2"


def test_a_model_against_itself(tiny: Tiny, corpus: Corpus) -> None:
    """Equal names are told apart, and there is no difference."""
    model = tiny("+wav2vec2")
    outcome = run(_request(model, corpus, baseline=str(model)))
    cell = outcome.results.cell("+wav2vec2", "c")
    assert outcome.results.baseline == "+wav2vec2 (baseline)"
    assert cell is not None
    assert cell.comparison is not None
    assert cell.comparison.delta_wer == 0


def test_results_do_not_vary(tiny: Tiny, corpus: Corpus) -> None:
    """Two runs give byte-identical results."""
    first, second = (run(_request(tiny("+wav2vec2"), corpus)).results for _ in range(2))
    assert first.model_dump_json() == second.model_dump_json()


def test_cost_is_kept_apart(tiny: Tiny, corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Timings are in the cost table under the artefacts' names, and nowhere in the results.

    Every model is timed in the batches that the comparison scored it in.
    """
    asked: list[CostOptions] = []

    def measured(model: str, corpus: Corpus, options: CostOptions) -> Cost:
        asked.append(options)
        return COST

    # the module by its name: evaluate.run is the function
    monkeypatch.setattr(sys.modules["asrcompress.evaluate.run"], "measure_cost", measured)
    outcome = run(
        _request(tiny("+wav2vec2"), corpus, baseline=str(tiny("wav2vec2")), measure_cost=True)
    )
    assert outcome.costs.costs == {"wav2vec2": COST, "+wav2vec2": COST}
    assert [options.batching and options.batching.batch_size for options in asked] == [1, 1]
    assert "processing_s" not in outcome.results.model_dump_json()


def test_utterances_without_a_reference_are_told(tiny: Tiny, corpus: Corpus) -> None:
    silent = Utterance("d", corpus.utterances[0].path, 0.2)
    mixed = Corpus("c", (*corpus.utterances, silent))
    outcome = run(_request(tiny("+wav2vec2"), mixed))
    assert outcome.results.cells[0].utterances == 3
    assert outcome.results.notes[0] == "Not scored under c: 1 utterance without a reference."


def test_no_reference_at_all(tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(NothingToEvaluateError, match="no reference texts"):
        run(_request(tiny("+wav2vec2"), audio_corpus(tmp_path / "c", {"a": None})))


@pytest.mark.slow
@pytest.mark.skipif(not (WORDS10.is_dir() and EN10_TEST.is_dir()), reason="no shared recordings")
def test_real_recordings() -> None:
    """18.37 % on 240 connected-word utterances, batched and one by one, speaker by speaker."""
    texts = []
    for batch_size in (8, 1):
        request = EvaluateRequest(
            str(WORDS10), EN10_TEST, batch_size=batch_size, measure_cost=False, threads=1
        )
        outcome = run(request)
        (cell,) = outcome.results.cells
        assert kaldi_line(cell.words) == "%WER 18.37 [ 173 / 942, 0 ins, 30 del, 143 sub ]"
        assert len(cell.groups) == 48
        assert cell.wer_interval is not None
        assert cell.wer_interval.low == pytest.approx(0.134, abs=0.003)
        assert cell.wer_interval.high == pytest.approx(0.242, abs=0.003)  # 0.235 uncorrected
        texts.append([row.pred_text for row in outcome.evaluations[0].utterances])
    assert texts[0] == texts[1]
