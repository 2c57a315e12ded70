"""How numbers and verdicts are put into words, the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from asrcompress.core.comparison import Interaction, Interval, Verdict
from asrcompress.core.evaluation import STORED_HYPOTHESES, Decoding
from asrcompress.core.precision import FLOAT32

NOT_AVAILABLE = "n/a"
NOT_RUN = "-"
EXCLUDES_ZERO = "*"  # beside an interaction whose interval does not hold 0
# Documents are UTF-8; a terminal or a pipe need not be, so its marks are ASCII.
DOCUMENT_MARKS = {Verdict.NON_INFERIOR: "✓", Verdict.INFERIOR: "✗", Verdict.INCONCLUSIVE: "?"}
TERMINAL_MARKS = {Verdict.NON_INFERIOR: "=", Verdict.INFERIOR: "!", Verdict.INCONCLUSIVE: "?"}
MEANINGS = {
    Verdict.NON_INFERIOR: "non-inferior: shown to be worse by no more than the margin",
    Verdict.INFERIOR: "inferior: shown to be worse by more than the margin",
    Verdict.INCONCLUSIVE: "inconclusive: these recordings cannot tell",
}
_RUNTIMES = {"torch": "PyTorch", "openvino": "OpenVINO", "onnx": "ONNX Runtime"}


def runtime_words(runtime: str) -> str:
    """A runtime's own name: openvino, or its recogniser openvino_ctc -> OpenVINO."""
    return _RUNTIMES.get(runtime.partition("_")[0], runtime)


def percent(rate: float | None) -> str:
    """A fraction as per cent with one decimal, without the sign: 0.125 -> 12.5."""
    return NOT_AVAILABLE if rate is None else f"{100 * rate:.1f}"


def points(difference: float | None) -> str:
    """A difference of fractions in percentage points, signed: 0.0042 -> +0.42."""
    if difference is None:
        return NOT_AVAILABLE
    text = f"{100 * difference:+.2f}"
    return "0.00" if text in ("+0.00", "-0.00") else text


def percent_interval(interval: Interval | None) -> str:
    """An interval of rates: [11.0, 14.2]."""
    if interval is None:
        return NOT_AVAILABLE
    return f"[{percent(interval.low)}, {percent(interval.high)}]"


def points_interval(interval: Interval | None) -> str:
    """An interval of differences in percentage points: [-0.10, +0.92]."""
    if interval is None:
        return NOT_AVAILABLE
    return f"[{points(interval.low)}, {points(interval.high)}]"


def p_value(p: float | None) -> str:
    """A p-value with three decimals, or <0.001."""
    if p is None:
        return NOT_AVAILABLE
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def excludes_zero(interval: Interval) -> bool:
    """True where the interval is all above or all below 0."""
    return interval.low > 0 or interval.high < 0


def interaction_points(interaction: Interaction) -> str:
    """An interaction in percentage points, marked where its interval excludes 0: +0.42 *."""
    mark = f" {EXCLUDES_ZERO}" if excludes_zero(interaction.interval) else ""
    return f"{points(interaction.delta_wer)}{mark}"


def megabytes(size_bytes: int | None) -> str:
    """Bytes in MB (10^6 bytes): one decimal from 10 MB on, two below."""
    if size_bytes is None:
        return NOT_AVAILABLE
    size_mb = size_bytes / 1e6
    return f"{size_mb:.1f}" if size_mb >= 10 else f"{size_mb:.2f}"


def times(ratio: float | None) -> str:
    """A ratio: 3.94x."""
    return NOT_AVAILABLE if ratio is None else f"{ratio:.2f}x"


def number(value: float | None, decimals: int = 1) -> str:
    """A number with so many decimals; never -0.0."""
    return NOT_AVAILABLE if value is None else f"{round(value, decimals) + 0.0:.{decimals}f}"


def short_count(count: int) -> str:
    """A count with three digits: 65,536 -> 65.5K; 302,546,944 -> 303M."""
    value, unit = float(count), ""
    for larger in ("K", "M", "G"):
        if float(f"{value:.3g}") < 1000:
            break
        value, unit = value / 1000, larger
    return f"{float(f'{value:.3g}'):g}{unit}"


def divergence(nats: float | None) -> str:
    """A divergence of posteriors with two digits: 0.0123 -> 0.012."""
    return NOT_RUN if nats is None else f"{nats:.2g}"


def decoding_words(decoding: Decoding) -> str:
    """How a model's words came about: recogniser, decoder, device, threads, dtype, chunks."""
    if decoding.recogniser == STORED_HYPOTHESES:
        return STORED_HYPOTHESES  # nothing else is known of them
    words = [decoding.recogniser, decoding.decoder, decoding.device]
    words += [] if decoding.threads is None else [count_of(decoding.threads, "thread")]
    words += [] if decoding.dtype == FLOAT32 else [decoding.dtype]
    words += ["compiled"] if decoding.compiled else []
    words += [decoding.batch_plan]
    words += [] if decoding.chunk_s is None else [f"chunks of {decoding.chunk_s:g} s"]
    return list_names(words)


def list_names(names: Iterable[str]) -> str:
    """Names in a row: a, b, c."""
    return ", ".join(names)


def count_of(count: int, noun: str) -> str:
    """A count with its noun: 1 condition, 2 conditions."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def headline(artefact: str, verdicts: Mapping[Verdict, int], conditions: int) -> str:
    """One artefact's verdicts counted: int8: non-inferior in 8 of 10 conditions, inconclusive in 2.

    conditions: all of the matrix; those without a comparison are counted as not compared.
    """
    counts = [(verdict.value, verdicts[verdict]) for verdict in Verdict if verdicts.get(verdict)]
    missing = conditions - sum(count for _, count in counts)
    if missing:
        counts.append(("not compared", missing))
    if not counts:
        return f"{artefact}: no conditions"
    (first, count), *rest = counts
    parts = [f"{first} in {count} of {count_of(conditions, 'condition')}"]
    parts += [f"{words} in {count}" for words, count in rest]
    return f"{artefact}: {', '.join(parts)}"
