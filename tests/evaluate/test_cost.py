"""Cost: measured in a process of its own, its errors told in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.errors import ModelError, NothingToEvaluateError
from asrcompress.evaluate import Batching, CostOptions, cost, measure_cost
from asrcompress.evaluate.cost import cost_sample
from asrcompress.evaluate.cost_process import plan_of
from tests.evaluate.makers import FakeRecogniser, audio_corpus

Tiny = Callable[[str], Path]


def _corpus(*durations_s: float) -> Corpus:
    return Corpus("c", tuple(Utterance(str(n), Path(str(n)), s) for n, s in enumerate(durations_s)))


def test_sample_fits_and_keeps_the_order() -> None:
    """At most the seconds asked for, near them, drawn by the seed and not from the front."""
    corpus = _corpus(*([1.0] * 100))
    sample = cost_sample(corpus, 10.0)
    assert len(sample) == 10
    assert [int(u.id) for u in sample] == sorted(int(u.id) for u in sample)
    assert sample == cost_sample(corpus, 10.0)
    assert sample != cost_sample(corpus, 10.0, seed=1)
    assert sample != corpus.utterances[:10]


def test_sample_of_long_recordings_is_the_shortest() -> None:
    assert [u.id for u in cost_sample(_corpus(90.0, 70.0, 80.0), 60.0)] == ["1"]


def test_sample_of_nothing() -> None:
    with pytest.raises(NothingToEvaluateError, match="empty corpus"):
        cost_sample(Corpus("c", ()), 60.0)


def test_cost_of_a_tiny_model(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every quantity is there and plausible; relative paths and a folder with a torch.py do."""
    audio_corpus(tmp_path / "c", {"a": "one", "b": "two", "bad": "x"})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torch.py").write_text("raise SystemExit('the wrong torch')")
    paths = {name: Path("c") / f"{name}.flac" for name in ("a", "b", "bad")}
    paths["bad"].write_bytes(b"not audio")
    corpus = Corpus(
        "c",
        tuple(Utterance(name, path, 0.2 * n) for n, (name, path) in enumerate(paths.items(), 1)),
    )
    found = measure_cost(tiny("+wav2vec2"), corpus, CostOptions(threads=1, batch_size=4))
    assert (found.device, found.threads, found.batch_size) == ("cpu", 1, 4)
    assert found.audio_s == pytest.approx(0.6)  # the bad file is no part of it
    assert found.rtfx is not None
    assert found.rtfx > 0
    assert found.load_s > 0
    assert found.peak_memory_bytes >= found.memory_after_load_bytes > 50 << 20


def test_batches_are_those_of_transcribing() -> None:
    """The recogniser's own batching, or the one that a comparison's models share."""
    alone = Batching(1, "batch 1: the baseline")
    assert plan_of(FakeRecogniser(), CostOptions()).batch_size == 8
    assert plan_of(FakeRecogniser(most=1), CostOptions()).batch_size == 1
    assert plan_of(FakeRecogniser(), CostOptions(batching=alone)).batch_size == 1


def test_childs_error_comes_back(tmp_path: Path) -> None:
    """The same kind of error and the same words as in the process itself."""
    corpus = audio_corpus(tmp_path / "c", {"a": "one"})
    with pytest.raises(ModelError, match=r"no such model: .*nowhere"):
        measure_cost(tmp_path / "nowhere", corpus)


def test_childs_death_is_one_line(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that dies without an answer is told with its status and last words."""
    corpus = audio_corpus(tmp_path / "c", {"a": "one"})
    monkeypatch.setattr(cost, "CHILD", "asrcompress.evaluate.no_such_module")
    with pytest.raises(
        ModelError,
        match=r"cannot measure the cost: .*exit status 1, .*no_such.*measure_cost: false",
    ):
        measure_cost(tiny("+wav2vec2"), corpus)


def test_timeout(tiny: Tiny, tmp_path: Path) -> None:
    corpus = audio_corpus(tmp_path / "c", {"a": "one"})
    with pytest.raises(ModelError, match=r"no answer in 0\.01 s"):
        measure_cost(tiny("+wav2vec2"), corpus, CostOptions(timeout_s=0.01))
