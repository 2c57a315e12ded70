"""What watching a long work looks like: one line on a terminal, few lines in a log."""

from __future__ import annotations

import io
import os
import pty
import re
import sys
import threading
from collections.abc import Callable

import pytest

from asrcompress.cli import console
from asrcompress.cli.progress_lines import ProgressLines, clock_words, task_of

STEPS = 2000


def _words(step: int) -> str:
    return f"training {step}: loss 0.{step:04d}, sparsity 0.51 of 0.80"


def _seen_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int, work: Callable[[], None]
) -> str:
    """What a terminal of so many columns is sent while `work` is done."""
    lead, follow = pty.openpty()
    sent = bytearray()

    def read() -> None:
        while True:
            try:
                part = os.read(lead, 65536)
            except OSError:
                return  # the other end is closed
            if not part:
                return
            sent.extend(part)

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(follow, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm")
        work()
    reader.join()
    os.close(lead)
    return sent.decode()


def _lines(sent: str) -> list[str]:
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", sent)
    return [line.strip() for line in re.split(r"[\r\n]+", plain) if line.strip()]


def test_changing_words_are_one_bar_on_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every frame has at most one line for the training, whole, with per cent and time left."""

    def work() -> None:
        with console.watching(quiet=False) as progress:
            for step in range(1, 40):
                progress(_words(step), step, 2000)

    lines = _lines(_seen_on_a_terminal(monkeypatch, 80, work))
    assert lines
    assert max(map(len, lines)) <= 80
    drawn = [line for line in lines if line.startswith("training")]
    assert re.fullmatch(r"training 39: loss 0\.0039, sparsity 0\.51 of 0\.80 \S+ +2% .*", drawn[-1])
    assert re.search(r"\d:\d\d:\d\d$|-:--:--$", drawn[-1])
    numbers = [int(line.split()[1].rstrip(":")) for line in drawn]
    assert numbers == sorted(numbers)


def test_too_long_words_leave_room_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """They end in an ellipsis; names in brackets are no markup."""

    def work() -> None:
        with console.watching(quiet=False) as progress:
            progress("transcribing [/red]" + "x" * 100, 1, 2)

    lines = _lines(_seen_on_a_terminal(monkeypatch, 80, work))
    assert max(map(len, lines)) <= 80
    assert re.fullmatch(r"transcribing \[/red\]x{40}… \S{4,} +50% -:--:--", lines[-1]), lines


def test_a_log_gets_few_lines() -> None:
    """2000 steps of 18 s, ten hours: a line a per cent and not one a step."""
    written: list[str] = []
    now_s = 0.0
    progress = ProgressLines(written.append, lambda: now_s)
    for step in range(STEPS + 1):
        progress(_words(step), step, STEPS)
        now_s += 18.0
    assert len(written) == 100
    # after 20 steps, 360 s: 1 %, and 1980 steps of 18 s are left
    assert written[0] == f"{_words(20)} (1 %, about 9:54:00 left)"
    assert written[-1] == f"{_words(STEPS)} (100 %, took 10:00:00)"


def test_a_resumed_training_counts_its_own_time() -> None:
    """From step 1000 of 2000: 1100 after 100 s, so 900 s are left, not 81."""
    written: list[str] = []
    now_s = 0.0
    progress = ProgressLines(written.append, lambda: now_s)
    progress("training 1000: loss 1", 1000, STEPS)
    now_s = 100.0
    progress("training 1100: loss 1", 1100, STEPS)
    assert written == ["training 1100: loss 1 (55 %, about 0:15:00 left)"]


def test_short_work_has_no_line() -> None:
    """Nothing within the first minute; a task that begins again is timed anew."""
    written: list[str] = []
    now_s = 0.0
    progress = ProgressLines(written.append, lambda: now_s)
    for _ in range(3):
        for done in range(51):
            progress("scoring", done, 50)
            now_s += 1.0
    assert written == []


@pytest.mark.parametrize("quiet", [True, False])
def test_a_pipe_is_told_unless_quiet(monkeypatch: pytest.MonkeyPatch, quiet: bool) -> None:
    """The same work writes lines to a pipe, and none with --quiet; an escape code does not act."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    times = iter((0.0, 100.0))
    monkeypatch.setattr(
        "asrcompress.cli.console.ProgressLines",
        lambda write: ProgressLines(write, lambda: next(times)),
    )
    with console.watching(quiet=quiet) as progress:
        progress("training: \x1b[2J", 0, 4)
        progress("training: \x1b[2J", 1, 4)
    told = "training: \ufffd[2J (25 %, about 0:05:00 left)\n"
    assert stream.getvalue() == ("" if quiet else told)


def test_a_task_is_known_by_what_does_not_change() -> None:
    """A number before the colon and what is behind it may change; nothing else."""
    assert task_of("training 1,200: loss 0.1") == task_of("training 1: loss 7") == "training"
    assert task_of("transcribing dev-0") == "transcribing dev-0"
    assert task_of("training 2") == "training 2"
    assert clock_words(3661.4) == "1:01:01"
    assert clock_words(59.6) == "0:01:00"


def test_who_knows_the_time_left_says_it() -> None:
    """Words that end in `left` stand for the estimate from the share, and go when all is done."""
    now_s, written = 0.0, []
    progress = ProgressLines(written.append, lambda: now_s)
    for done in range(0, 101, 20):
        now_s = 10.0 * done
        progress("recognising: at least 0:30:00 left", done, 100)
    assert written[0] == "recognising: at least 0:30:00 left (20 %)"
    assert written[-1] == "recognising (100 %, took 0:16:40)"
