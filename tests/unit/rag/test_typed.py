"""A user's type checker sees what Footnote takes and gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
PROGRAM = (CHECKOUT / "tests/typed/program.py").read_text("utf-8")


def checked(tmp_path: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run mypy over a program in its strict mode, without our own settings."""
    file = tmp_path / "program.py"
    file.write_text(program, "utf-8")
    options = ["--strict", "--config-file=", f"--cache-dir={CHECKOUT / '.mypy_cache' / 'users'}"]
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            *options,
            "--follow-imports=silent",
            "--ignore-missing-imports",
            str(file),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=900,
    )


def test_a_program_is_typed_through_and_through(tmp_path) -> None:
    done = checked(tmp_path, PROGRAM)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        pytest.param(
            "answer: Answer = assistant.ask(", "answer: str = assistant.ask(", '"Answer"', id="result"
        ),
        pytest.param('aask("When?")', "aask(7)", 'expected "str"', id="awaited argument"),
        pytest.param('afind("report.pdf")', "afind()", "Too few arguments", id="awaited twin"),
    ],
)
def test_a_mistake_is_seen(tmp_path, right, wrong, words) -> None:
    assert right in PROGRAM
    done = checked(tmp_path, PROGRAM.replace(right, wrong))
    assert done.returncode == 1
    assert words in done.stdout


def test_the_packages_say_that_they_are_typed() -> None:
    assert all((CHECKOUT / name / "py.typed").is_file() for name in ("rag", "ingest"))
