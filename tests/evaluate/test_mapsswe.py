"""MAPSSWE: segments by hand, NIST's sc_stats on the same pairs, p-values under the null."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Mapping

import jiwer
import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import kstest

from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.evaluate.counts import char_counts, word_counts
from asrcompress.evaluate.mapsswe import Aligner, ErrorPlaces, mapsswe, mapsswe_of, segment_errors
from tests.evaluate.makers import evaluation

VOCABULARY = [f"w{number}" for number in range(300)]


def _scored(references: Mapping[str, str], hypotheses: Mapping[str, str]) -> Evaluation:
    return evaluation(
        [
            UtteranceScore(
                id=name,
                audio_filepath=f"{name}.flac",
                duration_s=1.0,
                text=text,
                pred_text=hypotheses[name],
                words=word_counts(text, hypotheses[name]),
                chars=char_counts(text, hypotheses[name]),
            )
            for name, text in references.items()
        ]
    )


def _segments(reference: str, one: str, other: str) -> list[list[int]]:
    aligner = Aligner("basic-1")
    first, second = (
        aligner.places(_scored({"u": reference}, {"u": text})) for text in (one, other)
    )
    found: list[list[int]] = segment_errors(first, second).tolist()
    return found


@pytest.mark.parametrize(
    ("one", "other", "segments"),
    [
        ("a b c d e f", "a b c d e f", []),
        ("x b c d e f", "a b c d e f", [[1, 0]]),
        ("x b c y e f", "a b c d e f", [[1, 0], [1, 0]]),  # two good words between: two segments
        ("x b y d e f", "a b c d e f", [[2, 0]]),  # one good word between: one
        ("x b c d e f", "a b c x e f", [[1, 0], [0, 1]]),
        ("x b c d e f", "a b x d e f", [[1, 1]]),
        ("x b z c d e f", "a b c d e f", [[2, 0]]),  # an insertion parts the good words
        ("a b c d e", "a b c d e f g", [[1, 1]]),  # a deletion here, an insertion after it there
        ("z a b c d e f", "a b c d e f z z", [[1, 0], [0, 2]]),
    ],
)
def test_segments_by_hand(one: str, other: str, segments: list[list[int]]) -> None:
    """Two words right by both, one after the other, end a segment."""
    assert _segments("a b c d e f", one, other) == segments


def test_segments_end_with_the_utterance() -> None:
    """The last word of one utterance and the first of the next are no neighbours."""
    references = {"u1": "a b c", "u2": "a b c", "u3": ""}
    one = _scored(references, {"u1": "a b x", "u2": "x b c", "u3": "z"})
    other = _scored(references, {"u1": "a b c", "u2": "a b c", "u3": ""})
    aligner = Aligner("basic-1")
    found = segment_errors(aligner.places(one), aligner.places(other))
    assert found.tolist() == [[1, 0], [1, 0], [1, 0]]


def test_the_statistic_by_hand() -> None:
    """Differences 1, 1, 0, -1, 1: mean 0.4, deviation sqrt(0.8), z = 1, p = 0.3173."""
    one = ErrorPlaces(np.array([1, 101, 201, 401]), np.array([1, 1, 1, 1]))
    other = ErrorPlaces(np.array([201, 301]), np.array([1, 1]))
    found = mapsswe_of(one, other)
    assert found is not None
    assert (found.segments, found.mean_difference) == (5, pytest.approx(0.4))
    assert found.p_value == pytest.approx(0.31731, abs=1e-5)


def test_no_error_no_test_and_no_variance_no_evidence() -> None:
    """As in sc_stats: without errors there is no segment; equal differences give z = 0."""
    references = {"u": "a b c d e"}
    right, wrong = _scored(references, {"u": "a b c d e"}), _scored(references, {"u": "x b c d y"})
    assert mapsswe(right, right) is None
    found = mapsswe(wrong, right)
    assert found is not None
    assert (found.segments, found.mean_difference, found.p_value) == (2, 1.0, 1.0)


def test_normalised_before_it_is_aligned() -> None:
    """Capitals and punctuation are no errors, as in the scores."""
    references = {"u1": "Hello, there.", "u2": "Good day"}
    one = _scored(references, {"u1": "hello there", "u2": "good  DAY!"})
    other = _scored(references, {"u1": "hello where", "u2": "good day"})
    found = mapsswe(one, other)
    assert found is not None
    assert (found.segments, found.mean_difference) == (1, -1.0)


def _changed(drawn: random.Random, text: str, rate: float) -> str:
    """Words substituted, deleted and inserted after, at this rate together."""
    words = []
    for word in text.split():
        place = drawn.random() / rate
        if place >= 0.8 or place < 0.6:
            words.append(word if place >= 0.8 else drawn.choice(VOCABULARY))
        if 0.8 <= place < 1:
            words.append(drawn.choice(VOCABULARY))
    return " ".join(words)


def _pair(rate: float, further: float) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """400 references, a first model's hypotheses, and a second one's with further errors."""
    drawn = random.Random(1)
    references = {
        f"{n:04}": " ".join(drawn.choice(VOCABULARY) for _ in range(drawn.randint(1, 25)))
        for n in range(400)
    }
    one = {name: _changed(drawn, text, rate) for name, text in references.items()}
    return references, one, {name: _changed(drawn, text, further) for name, text in one.items()}


def _sgml(title: str, references: Mapping[str, str], hypotheses: Mapping[str, str]) -> str:
    """Our alignment in the form that sclite hands to sc_stats."""
    lines = [
        f'<SYSTEM title="{title}" ref_fname="r" hyp_fname="h" creation_date="d" format="2.4" '
        'frag_corr="FALSE" opt_del="FALSE" weight_ali="FALSE" weight_filename="">',
        '<SPEAKER id="s">',
    ]
    for number, (name, text) in enumerate(references.items()):
        words = _sgml_words(text, hypotheses[name])
        lines += [f'<PATH id="(s-{name})" word_cnt="{len(words)}" sequence="{number}">']
        lines += [":".join(words), "</PATH>"]
    return "\n".join([*lines, "</SPEAKER>", "</SYSTEM>", ""])


def _sgml_words(reference: str, hypothesis: str) -> list[str]:
    found = jiwer.process_words(reference, hypothesis)
    words = []
    for chunk in found.alignments[0]:
        said = found.references[0][chunk.ref_start_idx : chunk.ref_end_idx]
        heard = found.hypotheses[0][chunk.hyp_start_idx : chunk.hyp_end_idx]
        letter = {"equal": "C", "substitute": "S", "delete": "D", "insert": "I"}[chunk.type]
        for place in range(max(len(said), len(heard))):
            left = f'"{said[place]}"' if said else ""
            right = f'"{heard[place]}"' if heard else ""
            words.append(f"{letter},{left},{right}")
    return words


@pytest.mark.parametrize(("rate", "further"), [(0.03, 0.005), (0.1, 0.03), (0.5, 0.2), (0.1, 0.5)])
def test_as_sc_stats_does_it(rate: float, further: float) -> None:
    """The same alignments through NIST's sc_stats: segments, mean, statistic and decision."""
    if shutil.which("sctk") is None:
        pytest.skip("sctk is not installed")
    references, one, other = _pair(rate, further)
    done = subprocess.run(
        ["sctk", "sc_stats", "-p", "-t", "mapsswe", "-v", "-n", "-"],
        input=(_sgml("A", references, one) + _sgml("B", references, other)).encode(),
        capture_output=True,
        check=True,
    )
    line = re.search(
        r"# segs: (\d+)\).*\(mean: +(\S+)\).*\(Z Stat: +(\S+)\) \(Stat Diff: (Yes|No)",
        done.stdout.decode("latin-1"),
    )
    assert line is not None
    segments, mean, statistic, decision = line.groups()
    found = mapsswe(_scored(references, one), _scored(references, other))
    assert found is not None
    assert found.segments == int(segments)
    assert found.mean_difference == pytest.approx(float(mean), abs=0.0006)
    assert found.p_value == pytest.approx(2 * ndtr(-abs(float(statistic))), rel=0.05, abs=1e-300)
    assert (found.p_value < 0.05) == (decision == "Yes")


def test_what_sc_stats_printed() -> None:
    """The same test from sc_stats 1.3's own line, for where it is not installed.

    (# segs: 156) (mean: -0.173) (std dev: 0.396) (Z Stat: -5.457)
    """
    references, one, other = _pair(0.03, 0.005)
    found = mapsswe(_scored(references, one), _scored(references, other))
    assert found is not None
    assert found.segments == 156
    assert found.mean_difference == pytest.approx(-0.173, abs=0.0006)
    assert found.p_value == pytest.approx(2 * ndtr(-5.457), rel=0.01)


def _drawn_places(generator: np.random.Generator, rates: np.ndarray) -> ErrorPlaces:
    """A model's errors in utterances of 20 words, (utterances, 1) rates."""
    wrong = generator.random((len(rates), 20)) < rates
    line = 2 * np.arange(20) + 1 + 46 * np.arange(len(rates))[:, None]
    return ErrorPlaces(line[wrong], np.ones(int(wrong.sum()), dtype=np.int64))


def _p_values(factor: float) -> list[float]:
    """Of 1,000 corpora of 200 utterances; the second model errs `factor` times as often."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(1000):
        rates = generator.beta(2, 18, (200, 1))  # hard utterances are hard for both
        test = mapsswe_of(_drawn_places(generator, rates), _drawn_places(generator, rates * factor))
        assert test is not None
        found.append(test.p_value)
    return found


def test_uniform_under_the_null() -> None:
    """Two equally good models: the p-values of 1,000 corpora are uniform (Kolmogorov-Smirnov)."""
    p_values = _p_values(1.0)
    assert kstest(p_values, "uniform").pvalue > 0.05
    assert np.mean(np.array(p_values) <= 0.05) == pytest.approx(0.05, abs=0.015)


def test_a_worse_model_is_found() -> None:
    assert np.mean(np.array(_p_values(1.3)) <= 0.05) > 0.9
