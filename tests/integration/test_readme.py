"""What the README shows is run as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from written import CHECKOUT, QUESTION_LINES, Command, Written, furnish, of_kind

from rag.settings import Settings

README = Written(CHECKOUT / "README.md")
COMMANDS = README.commands
EXAMPLES = {each.name: each.program for each in README.examples if not each.asks_a_chat}
DRAFTS = [each for each in COMMANDS if "--draft" in each.line]
WATCHES = [each for each in COMMANDS if each.line.endswith("--watch")]
SHARED = of_kind(COMMANDS, "footnote (users|chat --auth|keys)")
ASKED_OF_CHATS = of_kind(COMMANDS, "curl ")
"""With the programs that ask a chat, these are run by `test_docs_doors`."""
ASKED = [
    each
    for each in of_kind(COMMANDS, r"(FOOTNOTE_\w+=\S+ )*footnote (?!chat)")
    if each not in (*DRAFTS, *WATCHES, *SHARED)
]
CHATS = [each for each in COMMANDS if each.line.endswith("footnote chat")]
MAKES = of_kind(COMMANDS, "make ")


def test_every_command_is_looked_at() -> None:
    kinds = ASKED + ASKED_OF_CHATS + CHATS + DRAFTS + MAKES + SHARED + WATCHES
    assert sorted(each.line for each in kinds) == sorted(each.line for each in COMMANDS)
    assert len(COMMANDS) == len(re.findall(r"^\$ ", README.text, re.MULTILINE))
    assert [language for language, _ in README.fences].count("python") == len(README.examples) == 3


@pytest.fixture
def here(tmp_path, seed_library) -> Path:
    """A folder as the README's reader has it."""
    return furnish(tmp_path, seed_library, QUESTION_LINES.search(README.text)[1])


def environ(here: Path, **more: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(CHECKOUT), "FOOTNOTE_LIBRARY": str(here / "own")} | more


def line_of(command: Command) -> str:
    return command.line


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
    for command in ASKED:
        if command.settings:
            subprocess.run([*command.argv[:3], "add", "notes"], cwd=here, env=environ(here), check=True)
        done = subprocess.run(
            command.argv,
            cwd=here,
            env=environ(here, FOOTNOTE_LLM="none") | command.settings,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, (command.line, done.stderr)
        assert done.stdout


@pytest.mark.models
@pytest.mark.parametrize("command", WATCHES, ids=line_of)
def test_watching_goes_on_until_ctrl_c(here, command: Command) -> None:
    process = subprocess.Popen(command.argv, cwd=here, env=environ(here), stdout=subprocess.PIPE, text=True)
    try:
        assert next(shown for shown in process.stdout if "watching" in shown)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
    finally:
        process.kill()
        process.stdout.close()


@pytest.mark.models
@pytest.mark.parametrize("command", DRAFTS, ids=line_of)
def test_drafts_are_questions_to_edit(here, command: Command) -> None:
    one = ["1" if word == "20" else word for word in command.argv]
    library = environ(here, FOOTNOTE_LIBRARY=str(here / "my-library"))
    done = subprocess.run(one, cwd=here, env=library, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert '"question"' in (here / "drafts.jsonl").read_text("utf-8")


@pytest.mark.models
@pytest.mark.parametrize("command", CHATS, ids=line_of)
def test_chats_open_and_end_cleanly(here, command: Command) -> None:
    process = subprocess.Popen(
        [*command.argv, "--port", "0"],
        cwd=here,
        env=environ(here) | command.settings,
        stdout=subprocess.PIPE,
        text=True,
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
    users, chat, keys = (command.argv for command in SHARED)
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
    key = subprocess.run(keys, cwd=here, env=private, text=True, capture_output=True, check=True).stdout
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
            seen = anna.get("/documents").json()
        assert seen
        told = httpx.get(f"{url}/api/v1/documents", headers={"authorization": f"Bearer {key.strip()}"})
        assert told.json()["documents"] == seen
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    "line",
    [
        *map(line_of, MAKES),
        'make ask Q="…"',
        "make check",
        "make bench",
        "make bench-scale",
        "make capacity",
        "make docs",
        "make eval",
        "make lowest",
        "make release-check",
        "make clean",
    ],
)
def test_make_targets_exist(line: str) -> None:
    subprocess.run([*shlex.split(line), "--dry-run"], cwd=CHECKOUT, check=True, capture_output=True)


def test_the_table_of_settings_is_complete() -> None:
    table = README.text[README.text.index("| setting |") : README.text.index("```console\n$ FOOTNOTE_LLM")]
    assert set(re.findall(r"`(\w+)`(?=[, |])", table)) >= set(Settings.model_fields)


def test_the_table_of_formats_is_complete() -> None:
    from ingest.load import SUPPORTED

    table = README.text[README.text.index("| format |") : README.text.index("## Settings")]
    assert {each.removesuffix(".markdown") for each in SUPPORTED} - {""} <= set(
        re.findall(r"`(\.\w+)`", table)
    )
