"""The one place that keeps transformers' bars, reports and warnings off the terminal."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_STDOUT = 1  # its file descriptor, whatever sys.stdout is


@contextmanager
def without_native_output() -> Iterator[None]:
    """While it lasts, what a library prints to stdout past Python is dropped.

    tokenizers' Rust prints unknown keys of a checkpoint's files there, with whatever escape codes
    are in them, and so into results that are printed as JSON.
    """
    try:
        saved = os.dup(_STDOUT)
    except OSError:  # closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDOUT)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(saved, _STDOUT)
        os.close(saved)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """While it lasts, transformers logs errors only and draws no bars; then all is as before."""
    from transformers.utils import logging

    verbosity, has_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if has_bars:
            logging.enable_progress_bar()
