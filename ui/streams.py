"""The standard streams of this process: closed ones are stood in for, and one nobody reads is given up."""

from __future__ import annotations

import errno
import io
import os
import sys

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def make_ready() -> None:
    """Open what is closed onto nothing, and let a terminal that lacks a character show a question mark.

    A closed one would be None to Python, and its number would go to the next file that is opened.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            _onto_nothing(number)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - it stays
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def give_up_output() -> None:
    """Let what is written to standard output from now on, and what waits to be, go nowhere."""
    _onto_nothing(sys.stdout.fileno())


def is_full(error: OSError) -> bool:
    """Return whether what failed is a write to a stream, and not to a file that has a name."""
    return error.filename is None and error.errno in _FULL


def _onto_nothing(number: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing != number:
        os.dup2(nothing, number)
        os.close(nothing)
