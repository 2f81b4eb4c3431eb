"""What the README shows is run as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from rag.settings import Settings

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "README.md").read_text("utf-8")
QUESTIONS = re.search(r"```json\n(.*?)```", README, re.DOTALL)
EXAMPLES = dict(re.findall(r"<!-- example: (\w+) -->\n```python\n(.*?)```", README, re.DOTALL))
COMMANDS = re.findall(r"^\$ (.+?)(?:\s{2,}#.*)?$", README, re.MULTILINE)
DRAFTS = [line for line in COMMANDS if "--draft" in line]
WATCHES = [line for line in COMMANDS if line.endswith("--watch")]
SHARED = [line for line in COMMANDS if line.startswith(("footnote users", "footnote chat --auth"))]
ASKED = [
    line
    for line in COMMANDS
    if re.match(r"(FOOTNOTE_\w+=\S+ )*footnote (?!chat)", line) and line not in (*DRAFTS, *WATCHES, *SHARED)
]
CHATS = [line for line in COMMANDS if line.endswith("footnote chat")]
MAKES = [line for line in COMMANDS if line.startswith("make ")]


def test_every_command_is_looked_at() -> None:
    assert sorted(ASKED + CHATS + DRAFTS + MAKES + SHARED + WATCHES) == sorted(COMMANDS)
    assert len(re.findall("```python", README)) == len(EXAMPLES) == 3


@pytest.fixture
def here(tmp_path, seed_library) -> Path:
    """A folder as the README's reader has it: a report, notes, and a library that knows of the flights."""
    shutil.copy(CHECKOUT / "seeds/hmeimim/briefing.pdf", tmp_path / "report.pdf")
    (tmp_path / "notes").mkdir()
    shutil.copy(CHECKOUT / "seeds/hmeimim/brief.md", tmp_path / "notes")
    shutil.copytree(seed_library, tmp_path / "my-library")
    (tmp_path / "questions.jsonl").write_text(QUESTIONS[1], "utf-8")
    return tmp_path


def environ(here: Path, **more: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(CHECKOUT), "FOOTNOTE_LIBRARY": str(here / "own")} | more


def command_of(line: str) -> tuple[list[str], dict[str, str]]:
    """Return the words of a command line after `footnote`, and the settings before it."""
    words = shlex.split(line)
    at = next(i for i, word in enumerate(words) if word.endswith("footnote"))
    return [sys.executable, "-m", "ui.cli", *words[at + 1 :]], dict(word.split("=", 1) for word in words[:at])


@pytest.mark.models
@pytest.mark.parametrize("name", EXAMPLES)
def test_python_examples(here, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", EXAMPLES[name]],
        cwd=here,
        env=environ(here, FOOTNOTE_LLM="none" if name == "langchain" else "local"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "October" in done.stdout


@pytest.mark.models
def test_terminal_commands_in_their_order(here) -> None:
    for line in ASKED:
        words, settings = command_of(line)
        if settings:
            subprocess.run([*words[:3], "add", "notes"], cwd=here, env=environ(here), check=True)
        done = subprocess.run(
            words,
            cwd=here,
            env=environ(here, FOOTNOTE_LLM="none") | settings,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, (line, done.stderr)
        assert done.stdout


@pytest.mark.models
@pytest.mark.parametrize("line", WATCHES)
def test_watching_goes_on_until_ctrl_c(here, line: str) -> None:
    words, _ = command_of(line)
    process = subprocess.Popen(words, cwd=here, env=environ(here), stdout=subprocess.PIPE, text=True)
    try:
        assert next(shown for shown in process.stdout if "watching" in shown)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
    finally:
        process.kill()
        process.stdout.close()


@pytest.mark.models
@pytest.mark.parametrize("line", DRAFTS)
def test_drafts_are_questions_to_edit(here, line: str) -> None:
    words, _ = command_of(line)
    one = ["1" if word == "20" else word for word in words]
    library = environ(here, FOOTNOTE_LIBRARY=str(here / "my-library"))
    done = subprocess.run(one, cwd=here, env=library, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert '"question"' in (here / "drafts.jsonl").read_text("utf-8")


@pytest.mark.models
@pytest.mark.parametrize("line", CHATS)
def test_chats_open_and_end_cleanly(here, line: str) -> None:
    words, settings = command_of(line)
    process = subprocess.Popen(
        [*words, "--port", "0"], cwd=here, env=environ(here) | settings, stdout=subprocess.PIPE, text=True
    )
    try:
        told = next(shown for shown in process.stdout if "ready" in shown)
        assert re.search(r"http://127\.0\.0\.1:\d+", told)
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    finally:
        process.kill()
        process.stdout.close()


@pytest.mark.models
def test_several_people_sign_in(here) -> None:
    users, chat = (command_of(line)[0] for line in SHARED)
    private = environ(here, FOOTNOTE_LIBRARY=str(here / "my-library"), FOOTNOTE_LLM="none")
    done = subprocess.run(
        [*users, "--stdin"],
        input="correct horse battery",
        cwd=here,
        env=private,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    loopback = [word.replace("0.0.0.0", "127.0.0.1") for word in chat]  # noqa: S104 - a test reaches no network
    process = subprocess.Popen(
        [*loopback, "--port", "0"], cwd=here, env=private, stdout=subprocess.PIPE, text=True
    )
    try:
        told = next(shown for shown in process.stdout if "ready" in shown)
        url = re.search(r"http://127\.0\.0\.1:\d+", told)[0]
        assert httpx.get(f"{url}/documents", timeout=300).status_code == 401
        with httpx.Client(base_url=url, headers={"origin": url}) as anna:
            signed_in = anna.post("/sign-in", data={"name": "anna", "password": "correct horse battery"})
            assert signed_in.status_code == 303
            assert anna.get("/me").json() == {"name": "anna"}
            assert anna.get("/documents").json()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    "line", [*MAKES, 'make ask Q="…"', "make check", "make bench", "make eval", "make clean"]
)
def test_make_targets_exist(line: str) -> None:
    subprocess.run([*shlex.split(line), "--dry-run"], cwd=CHECKOUT, check=True, capture_output=True)


def test_the_table_of_settings_is_complete() -> None:
    table = README[README.index("| setting |") : README.index("```console\n$ FOOTNOTE_LLM")]
    assert set(re.findall(r"`(\w+)`(?=[, |])", table)) >= set(Settings.model_fields)


def test_the_table_of_formats_is_complete() -> None:
    from ingest.load import SUPPORTED

    table = README[README.index("| format |") : README.index("## Settings")]
    assert {each.removesuffix(".markdown") for each in SUPPORTED} - {""} <= set(
        re.findall(r"`(\.\w+)`", table)
    )
