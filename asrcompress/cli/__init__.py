"""The command line: options in, tables and exit codes out. All work is done in the rooms."""

from asrcompress.cli.boundary import main

__all__ = ["main"]
