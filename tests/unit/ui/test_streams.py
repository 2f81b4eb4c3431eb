"""Closed, full and unread standard streams, in processes of their own."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ui.streams import is_full

CHECKOUT = Path(__file__).parents[3]
FOOTNOTE = f"'{sys.executable}' -W error -m ui.cli"


def run(command: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    environ = {"PYTHONPATH": str(CHECKOUT), "FOOTNOTE_LIBRARY": str(tmp_path / "none"), "COLUMNS": "80"}
    return subprocess.run(
        ["bash", "-c", command], env=os.environ | environ, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(
    ("command", "code", "output", "error"),
    [
        pytest.param("ask <&-", 2, "", "standard input holds no question", id="no-input"),
        pytest.param("ask x <&-", 1, "", "no library in", id="no-input-wanted"),
        pytest.param("ask -i <&-", 1, "", "no library in", id="no-input-to-talk"),
        pytest.param("--version >&-", 0, "", "", id="no-output"),
        pytest.param("ask x >&-", 1, "", "no library in", id="no-output-for-answers"),
        pytest.param("--version 2>&-", 0, "footnote ", "", id="no-errors"),
        pytest.param("ask x 2>&-", 1, "", "", id="no-errors-but-one"),
        pytest.param("ask x <&- >&- 2>&-", 1, "", "", id="none"),
    ],
)
def test_closed_streams(command: str, code: int, output: str, error: str, tmp_path) -> None:
    done = run(f"{FOOTNOTE} {command}", tmp_path)
    assert done.returncode == code
    assert (done.stdout[:9], "Traceback" in done.stderr) == (output, False)
    assert error in done.stderr
    assert done.stderr.count("\n") == (1 if error else 0)


def test_a_full_disk_is_one_line(tmp_path) -> None:
    done = run(f"{FOOTNOTE} --version > /dev/full", tmp_path)
    assert done.returncode == 1
    assert done.stderr == "footnote: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("error", "full"),
    [
        pytest.param(OSError(errno.ENOSPC, "full"), True, id="stream"),
        pytest.param(OSError(errno.ENOSPC, "full", "report.json"), False, id="file"),
        pytest.param(OSError(errno.ENOTCONN, "not connected"), False, id="something-else"),
    ],
)
def test_which_errors_are_the_output_s(error: OSError, full: bool) -> None:
    assert is_full(error) is full
