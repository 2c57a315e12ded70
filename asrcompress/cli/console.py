"""What goes where: results to stdout, messages and progress to stderr, bars only to a terminal."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from asrcompress.cli.interrupt import interruptible
from asrcompress.cli.progress_lines import ProgressLines, task_of
from asrcompress.core.errors import one_line
from asrcompress.core.progress import Progress, silent, tells_time_left

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_WIDTH_WITHOUT_TERMINAL = 100
_BAR_WIDTH = 40  # the most; where words are long it may be 4
_BESIDE_WORDS = 20  # that bar, 100%, 99:59:59 and the gaps
_SPEED_S = 300.0  # time left from the last minutes, for a step of a training may take one


def results_console() -> Console:
    """The console of results; as wide as the terminal, or 100 columns where there is none."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
    return Console(file=sys.stdout, width=width, highlight=False, soft_wrap=False)


def show(*renderables: RenderableType) -> None:
    """Print results, one after the other."""
    console = results_console()
    for renderable in renderables:
        console.print(renderable)


def show_text(text: str) -> None:
    """Print a result that is text already, as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def show_json(value: Any) -> None:
    """Print a result as JSON."""
    show_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def say(message: str, *, quiet: bool) -> None:
    """One line of news on stderr."""
    if not quiet:
        say_line(message)


def say_line(message: str) -> None:
    """One line on stderr."""
    print(one_line(message), file=sys.stderr)  # noqa: T201


@contextmanager
def watching(*, quiet: bool) -> Iterator[Progress]:
    """A progress to hand to a room, and warnings on stderr while it works.

    Bars are drawn only on a terminal; elsewhere, as in the log of a CI job, long work gets a line
    now and then. `quiet` leaves errors alone.
    """
    handler = _OneLineHandler(level=logging.ERROR if quiet else logging.WARNING)
    logger = logging.getLogger("asrcompress")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        if quiet or not sys.stderr.isatty():
            with interruptible(silent if quiet else ProgressLines(say_line)) as progress:
                yield progress
        else:
            with _bars() as bars, interruptible(bars) as progress:
                yield progress
    except KeyboardInterrupt as interrupt:
        if interrupt.args:  # where to go on, say
            say(one_line(str(interrupt)), quiet=quiet)
        raise
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


class _OneLineHandler(logging.Handler):
    """Every record as one line on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname.lower()
        print(f"{level}: {one_line(record.getMessage())}", file=sys.stderr)  # noqa: T201


@contextmanager
def _bars() -> Iterator[Progress]:
    """A line for each task: its words, which may change, its bar, per cent and time left."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.progress import Task as Bar
    from rich.table import Column
    from rich.text import Text

    class _TimeLeft(TimeRemainingColumn):
        def render(self, task: Bar) -> Text:
            return Text("") if tells_time_left(task.description) else super().render(task)

    console = Console(stderr=True)
    # Long words take room from the bar; what is too long even then ends in an ellipsis.
    room = Column(no_wrap=True, max_width=max(console.width - _BESIDE_WORDS, 1))
    words = TextColumn("{task.description}", markup=False, table_column=room)
    bar = BarColumn(bar_width=None, table_column=Column(max_width=_BAR_WIDTH))
    with Bars(
        words,
        bar,
        TaskProgressColumn(),
        _TimeLeft(),
        console=console,
        transient=True,
        speed_estimate_period=_SPEED_S,
    ) as bars:
        tasks: dict[str, Any] = {}

        def report(what: str, done: int, total: int) -> None:
            name = task_of(what)
            if name not in tasks:  # what was done before, in a resumed training, took no time now
                tasks[name] = bars.add_task(one_line(what), total=total, completed=done)
            bars.update(
                tasks[name],
                description=one_line(what),
                completed=done,
                total=total,
                visible=done < total,
            )

        yield report
