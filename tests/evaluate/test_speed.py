"""Speed of tiny models side by side, in real processes; figures are there, whatever they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from asrcompress.core.checkpoint import locate
from asrcompress.core.corpus import Corpus
from asrcompress.core.errors import ModelError
from asrcompress.core.files import write_json
from asrcompress.core.machine import machine
from asrcompress.core.speed import SPEED_NAME, SpeedTable, read_speed
from asrcompress.evaluate import (
    EvaluateRequest,
    RecogniserOptions,
    SpeedJob,
    SpeedOptions,
    measure_speed,
    run,
    speed,
)
from asrcompress.evaluate.speed import cost_of
from tests.evaluate.makers import audio_corpus
from tests.evaluate.speed_makers import speed as made_speed

Tiny = Callable[[str], Path]
QUICK = SpeedOptions(lengths_s=(0.5, 5.0), recordings=2, rounds=1)
ONE_THREAD = RecogniserOptions(threads=1)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return audio_corpus(tmp_path / "c", {"a": "one two", "b": "three", "c": "four five six"})


def test_models_side_by_side(tiny: Tiny, corpus: Corpus) -> None:
    """A model in batches, one that takes batch 1 alone, one that hears 4 s at once."""
    models = {name: locate(tiny(name)) for name in ("+wav2vec2", "wav2vec2", "whisper")}
    told: list[tuple[int, int]] = []
    table = measure_speed(
        SpeedJob(models, corpus, "+wav2vec2", ONE_THREAD, batch_size=2),
        QUICK,
        lambda _, done, total: told.append((done, total)),
    )
    assert list(table.speeds) == ["+wav2vec2", "wav2vec2", "whisper"]
    assert (table.rounds, table.baseline) == (1, "+wav2vec2")
    assert table.machine == machine().line
    assert told == [(number, 30) for number in range(1, 31)]  # 3 models, 2 rounds, 5 items
    for found in table.speeds.values():
        assert [(one.audio_s, one.runs) for one in found.latencies] == [(0.5, 2), (5.0, 2)]
        assert all(0 < one.p50_ms <= one.p95_ms for one in found.latencies)
        assert found.throughputs[0].audio_s == 20.0
        assert found.throughputs[0].rtfx > 0
        assert found.peak_memory_bytes >= found.memory_after_load_bytes > 50 << 20
        assert (found.device, found.threads, found.precision) == ("cpu", 1, "float32")
        assert found.kernels[0].startswith("float32 (")
        assert found.load_s > 0
    assert [one.throughputs[0].batch_size for one in table.speeds.values()] == [2, 1, 2]
    note = table.speeds["wav2vec2"].batch_note
    assert note is not None
    assert note.startswith("batch 1: wav2vec2 with group norm")
    assert table.speeds["whisper"].runtime == "torch_seq2seq"


def test_what_does_not_fit_together_is_measured_in_turn(
    tiny: Tiny, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process at a time, and a note that says so."""
    alive: list[str] = []
    most: list[int] = []

    class Counted(speed.Child):
        def __enter__(self) -> Counted:
            alive.append("one")
            most.append(len(alive))
            return self

        def __exit__(self, *error: object) -> None:
            super().__exit__(*error)  # type: ignore[arg-type]
            alive.pop()

    small = machine().model_copy(update={"memory_bytes": 1 << 30})  # 60 % are less than two need
    monkeypatch.setattr(speed, "machine", lambda: small)
    monkeypatch.setattr(speed, "Child", Counted)
    models = {name: locate(tiny("+wav2vec2")) for name in ("a", "b")}
    options = dataclasses.replace(QUICK, lengths_s=(0.5,), recordings=1, rounds=1)
    table = measure_speed(SpeedJob(models, corpus, how=ONE_THREAD, batch_size=1), options)
    assert list(table.speeds) == ["a", "b"]
    assert table.notes[0].startswith("Measured one model after the other, not in turns")
    assert most == [1, 1]


def test_an_error_of_a_process_comes_back(corpus: Corpus, tiny: Tiny, tmp_path: Path) -> None:
    """In its own words, though it is the second model's."""
    gone = dataclasses.replace(locate(tiny("+wav2vec2")), model=str(tmp_path / "gone"))
    job = SpeedJob({"a": locate(tiny("+wav2vec2")), "b": gone}, corpus, how=ONE_THREAD)
    with pytest.raises(ModelError, match=r"no such model: .*gone"):
        measure_speed(job, QUICK)


def test_death_of_a_process_is_one_line(
    corpus: Corpus, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "CHILD", "asrcompress.evaluate.no_such_module")
    job = SpeedJob({"a": locate(tiny("+wav2vec2"))}, corpus, how=ONE_THREAD)
    told = r"^cannot measure the speed: .*; got exit status 1, .*no_such_module.*without --speed$"
    with pytest.raises(ModelError, match=told):
        measure_speed(job, QUICK)


def test_evaluate_takes_the_costs_from_it(tiny: Tiny, corpus: Corpus) -> None:
    """Costs of the scored models are the same figures; those beside are in the speeds alone."""
    model = tiny("+wav2vec2")
    options = dataclasses.replace(
        QUICK, lengths_s=(0.5,), recordings=1, rounds=1, beside=(str(model),)
    )
    outcome = run(EvaluateRequest(str(model), corpus, threads=1, replicates=100, speed=options))
    assert outcome.speed is not None
    assert list(outcome.speed.speeds) == ["+wav2vec2", "+wav2vec2 (2)"]
    found = outcome.speed.speeds["+wav2vec2"]
    assert outcome.costs.costs == {"+wav2vec2": cost_of(found)}
    assert outcome.costs.costs["+wav2vec2"].rtfx == pytest.approx(found.throughputs[0].rtfx)
    assert outcome.results.baseline is None


def test_cost_of_a_speed() -> None:
    """80 s of audio at 40 seconds a second take 2 s."""
    cost = cost_of(made_speed(rtfx=40.0))
    assert (cost.audio_s, cost.processing_s, cost.batch_size) == (80.0, 2.0, 8)
    assert (cost.load_s, cost.memory_after_load_bytes, cost.peak_memory_bytes) == (1.0, 1, 2)


def test_table_is_read_back_from_its_folder(tmp_path: Path) -> None:
    """From the folder or a file in it; None where there is none."""
    assert read_speed(tmp_path) is None
    table = SpeedTable(machine="x", rounds=1, speeds={"a": made_speed()}, notes=("n",))
    write_json(tmp_path / SPEED_NAME, table.model_dump(mode="json"))
    assert read_speed(tmp_path) == table
    (tmp_path / "results.json").touch()
    assert read_speed(tmp_path / "results.json") == table
