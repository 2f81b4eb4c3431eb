"""Processes that start from one that has imported everything: in milliseconds, and with few threads."""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

import pytest

_IMPORTED = ["chromadb", "psycopg", "gradio", "ui.server", "ui.adding", "footnote_with_fakes", "breaking"]
"""What takes long; a module that the folders of this run do not hold is passed over."""


def forking() -> ForkServerContext:
    """Return what starts such processes; all of a run come from the same one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))  # it would not find our modules
        forkserver.ensure_running()
    return context
