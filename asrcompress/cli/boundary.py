"""Where errors become one line each and an exit code; everything else is a bug and says so."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType

from asrcompress.core.errors import AsrcompressError, ExitCode, one_line, shortened

_MOST_OF_NAME, _MOST_SAID = 200, 1000  # characters of what goes into a line of error
_COMPLETION_VARIABLE = "_ASRCOMPRESS_COMPLETE"  # set by the shell while it completes a line


def main() -> None:
    """The installed command. SIGTERM, as batch systems send it, ends it in order, like Ctrl-C."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _interrupt)
    raise SystemExit(run(sys.argv[1:]))


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's
    """What Ctrl-C does, even where it is ignored, as in a shell's background."""
    on_interrupt = signal.getsignal(signal.SIGINT)
    if not callable(on_interrupt):
        raise KeyboardInterrupt
    on_interrupt(signal.SIGINT, frame)


def run(arguments: Sequence[str]) -> int:
    """Run a command line; the exit code. Nothing but the exit code tells of success."""
    import typer

    from asrcompress.cli.app import build_app

    try:
        completing = _COMPLETION_VARIABLE in os.environ
        app = build_app(None if completing else arguments)
        result = app(list(arguments), standalone_mode=False, prog_name="asrcompress")
    except AsrcompressError as error:
        _trace_if_asked(arguments)
        if _was_interrupted(error):
            return _failed(("interrupted",), ExitCode.INTERRUPTED)
        return _failed(error.lines(), error.exit_code)
    except typer.TyperException as error:
        message = shortened(one_line(error.format_message()).rstrip("."), _MOST_SAID)
        lines = (f"{message}; see asrcompress --help",) if message else ()  # help was printed
        return _failed(lines, ExitCode.BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        return _failed(("interrupted",), ExitCode.INTERRUPTED)
    except BrokenPipeError:
        sys.stdout = open("/dev/null", "w")  # noqa: SIM115 - the reader is gone
        return ExitCode.PASS
    except Exception as error:  # noqa: BLE001 - the one boundary
        _trace_if_asked(arguments)
        if _was_interrupted(error):
            return _failed(("interrupted",), ExitCode.INTERRUPTED)
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            name = shortened(str(error.filename), _MOST_OF_NAME)
            return _failed((one_line(f"file name too long: {name}"),), ExitCode.BAD_INPUT)
        where = _innermost_place(error)
        said = shortened(str(error), _MOST_SAID)
        text = f"internal error: {type(error).__name__}: {said} ({where}); --debug shows the trace"
        return _failed((one_line(text),), ExitCode.INTERNAL)
    if result == ExitCode.INTERRUPTED:
        return _failed(("interrupted",), ExitCode.INTERRUPTED)
    return int(result or 0)


def _failed(lines: Sequence[str], code: ExitCode) -> int:
    for line in lines:
        print(f"error: {line}", file=sys.stderr)  # noqa: T201 - even without rich
    return int(code)


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether an error came up while an interrupt was on its way out, or in place of it."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _trace_if_asked(arguments: Sequence[str]) -> None:
    if "--debug" in arguments:
        traceback.print_exc()


def _innermost_place(error: BaseException) -> str:
    """Where in this program it happened, whatever library it came out of."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}asrcompress{os.sep}" in frame.filename]
    if not ours:
        return "no place known"
    return f"{os.path.basename(ours[-1].filename)}:{ours[-1].lineno}"
