"""What evaluating adds to the model's own work, on real recordings.

    pytest -n 0 -m benchmark -s tests/benchmarks/test_evaluate_overhead.py

`transcribe` (reading audio in its thread, features, batches, decoding, progress) beside a bare loop
of the model's forward passes over the same batches, whose features are made before. The two take
turns, the first one changing; of each the best of the rounds counts, so that other work on the
machine hits neither alone. The ratio of their processor times is printed besides: other work hits
it less, but it counts the reading of the next batch too, which goes on meanwhile.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import transformers

from asrcompress.core.checkpoint import quiet_transformers
from asrcompress.core.corpus import BUNDLED, Corpus, read_corpus
from asrcompress.evaluate import (
    BatchPlan,
    RecogniserOptions,
    TranscribeOptions,
    open_recogniser,
    transcribe,
)
from asrcompress.evaluate.recognisers.torch_ctc import TorchCtc
from tests.checkpoints import write_processor

pytestmark = pytest.mark.benchmark

ROOT = Path(__file__).resolve().parents[2]
LIBRISPEECH = ROOT.parent / "shared" / "data" / "librispeech"
TEACHER = ROOT / ".cache" / "teachers" / "teacher-wav2vec2"
GOAL = 1.05
ROUNDS = 5
THREADS = int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))


@pytest.fixture(scope="module", autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base_size(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights in the layout of wav2vec 2.0 base, with the layer norm that can be batched."""
    folder = tmp_path_factory.mktemp("base")
    config = transformers.Wav2Vec2Config(
        feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True, initializer_range=0.1
    )
    with quiet_transformers(), torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.Wav2Vec2ForCTC(config).save_pretrained(folder)
    write_processor(folder, "wav2vec2-layer-norm")
    return folder


@pytest.mark.parametrize(("model", "most_s"), [("teacher", 300.0), ("base", 40.0)])
def test_overhead(
    model: str, most_s: float, base_size: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Less than 5 % over the bare model loop."""
    if model == "teacher" and not TEACHER.is_dir():
        pytest.skip("no teacher was trained here")
    corpus = _corpus(most_s)
    recogniser = open_recogniser(
        TEACHER if model == "teacher" else base_size, RecogniserOptions(threads=THREADS)
    )
    assert isinstance(recogniser, TorchCtc)
    work = {"bare": _bare(recogniser, corpus), "evaluate": _evaluate(recogniser, corpus)}
    wall_s: dict[str, list[float]] = {name: [] for name in work}
    cpu_s: dict[str, list[float]] = {name: [] for name in work}
    for number in range(ROUNDS + 1):
        for name in sorted(work, reverse=number % 2 == 0):
            wall, cpu = time.perf_counter(), time.process_time()
            work[name]()
            if number:  # the first round warms up
                wall_s[name].append(time.perf_counter() - wall)
                cpu_s[name].append(time.process_time() - cpu)
    ratio = min(wall_s["evaluate"]) / min(wall_s["bare"])
    of_cpu = min(cpu_s["evaluate"]) / min(cpu_s["bare"])
    disturbed = statistics.median(wall_s["bare"]) / min(wall_s["bare"])
    with capsys.disabled():
        sys.stdout.write(
            f"\n{model}: {corpus.audio_s:.0f} s of audio in {len(corpus.utterances)} recordings, "
            f"{THREADS} threads, bare {min(wall_s['bare']):.2f} s; evaluate {ratio:.3f}x on the "
            f"clock, {of_cpu:.3f}x of processor time; disturbed {disturbed:.2f}x\n"
        )
    assert ratio < GOAL


def _corpus(most_s: float) -> Corpus:
    """Read sentences of 2 to 30 s where they are there, else the bundled words; evenly drawn."""
    corpus = read_corpus(LIBRISPEECH if LIBRISPEECH.is_dir() else BUNDLED)
    step = max(1, round(corpus.audio_s / most_s))
    return Corpus(corpus.name, corpus.utterances[::step])


def _evaluate(recogniser: TorchCtc, corpus: Corpus) -> Callable[[], object]:
    options = TranscribeOptions(corpus_sha256="0" * 64)  # hashing is done once a command
    told: list[int] = []
    return lambda: transcribe(
        recogniser, corpus, options=options, progress=lambda _, done, __: told.append(done)
    )


def _bare(recogniser: TorchCtc, corpus: Corpus) -> Callable[[], object]:
    """The model alone, over what the processor gave for the batches that `transcribe` makes."""
    batches = BatchPlan().batches([utterance.duration_s for utterance in corpus.utterances])
    audio = [[corpus.utterances[index].audio() for index in batch] for batch in batches]
    features = [recogniser._features(batch) for batch in audio]

    def forward() -> None:
        with torch.no_grad():
            for inputs in features:
                _ = recogniser.loaded.model(**inputs).logits

    return forward
