"""What the pages of the documents show is run as it stands there: every page below ``docs`` by itself."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import tomllib
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from made import leaves
from typer.main import get_command
from typer.testing import CliRunner
from written import CHECKOUT, QUESTION_LINES, Command, Written, differs, furnish, of_kind

from rag.settings import Settings
from ui.cli import app

PAGES = [Written(path) for path in sorted((CHECKOUT / "docs").rglob("*.md"))]
README = Written(CHECKOUT / "README.md")
QUESTIONS = QUESTION_LINES.search((CHECKOUT / "docs/evaluation.md").read_text("utf-8"))[1]
WITH_STAND_INS = ("docs/langchain.md", "docs/models.md")
"""Pages whose programs ask models of others; `test_recipes` runs them."""
EXAMPLES = [
    (page, example)
    for page in PAGES
    for example in page.examples
    if page.name not in WITH_STAND_INS and not example.asks_a_chat
]
LONG = r"make |(\S+/|FOOTNOTE_\w+=\S+ )*footnote (chat|sync .*--watch|eval --draft)"
"""Commands that go on, or take minutes: the README has each of them, and its tests run them."""
OF_OTHERS = r"curl |docker |kubectl "
"""Commands of other programs; `test_docs_doors` runs them, or looks at what they start."""
PASSWORD = "correct horse battery"  # noqa: S105


def name_of(value: Written) -> str:
    return value.name


def short(page: Written) -> list[Command]:
    others = of_kind(page.commands, f"{LONG}|{OF_OTHERS}")
    return [command for command in page.commands if command not in others]


def called(command: Command) -> tuple[object, ...]:
    return (command.line,) if command.line.startswith("make ") else (command.words, command.settings)


@pytest.mark.parametrize(
    ("shown", "wrong"),
    [
        pytest.param("", "", id="nothing shown"),
        pytest.param("one two\nthree", "", id="broken otherwise"),
        pytest.param("one …\n…\nfour", "", id="left out"),
        pytest.param("four\none", "one", id="another order"),
        pytest.param("one two\nfive", "five", id="not said"),
        pytest.param("o.e", "o.e", id="no pattern"),
    ],
)
def test_what_is_shown_is_compared_line_by_line(shown: str, wrong: str) -> None:
    assert differs(shown, "one\n  two three\nfour\n") == wrong


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_is_of_a_kind_that_is_tried(page: Written) -> None:
    languages = [language for language, _ in page.fences]
    assert set(languages) <= {"console", "python", "json", "toml", "text"}
    assert languages.count("python") == len(page.examples)
    printed = sum(bool(example.printed) for example in page.examples)
    assert languages.count("text") == printed, "a text block stands below the program that prints it"
    assert len(page.commands) == len(re.findall(r"^\$ ", page.text, re.MULTILINE))
    for language, block in page.fences:
        if language == "json":
            assert [json.loads(each) for each in ([block] if block[:2] == "{\n" else block.splitlines())]
        if language == "toml":
            assert Settings(**tomllib.loads(block))


def test_commands_that_go_on_are_in_the_readme() -> None:
    known = [called(command) for command in of_kind(README.commands, LONG)]
    targets = set()
    for page in PAGES:
        for command in of_kind(page.commands, LONG):
            if command.line.startswith("make "):
                targets.add(command.line)
            else:
                assert called(command) in known, (page.name, command.line)
    for line in sorted(targets):
        subprocess.run([*shlex.split(line), "--dry-run"], cwd=CHECKOUT, check=True, capture_output=True)


@pytest.mark.models
@pytest.mark.parametrize("page", [page for page in PAGES if short(page)], ids=name_of)
def test_commands_in_their_order(page: Written, tmp_path, seed_library, monkeypatch) -> None:
    here(tmp_path, seed_library, monkeypatch)
    commands = short(page)
    assert all(command.is_ours for command in commands)
    if commands[0].words[0] != "add":
        assert run(monkeypatch, Command("footnote add report.pdf notes", ""))
    for command in commands:
        wrong = differs(command.shown, run(monkeypatch, command))
        assert not wrong, f"{page.name}: {command.line} does not say: {wrong}"


@pytest.mark.models
@pytest.mark.parametrize(("page", "example"), EXAMPLES, ids=lambda value: value.name)
def test_programs(page, example, tmp_path, seed_library, monkeypatch) -> None:
    here(tmp_path, seed_library, monkeypatch)
    if "Assistant.open()" in example.program:
        run(monkeypatch, Command("footnote add report.pdf notes", ""))
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(example.program, example.name, "exec"), {"__name__": "__main__"})  # noqa: S102
    assert out.getvalue().strip()
    wrong = differs(example.printed, out.getvalue())
    assert not wrong, f"{page.name}: {example.name} does not print: {wrong}\n{out.getvalue()}"


def here(folder: Path, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a folder as a reader has it, with a library of one's own that is empty."""
    furnish(folder, library, QUESTIONS)
    monkeypatch.chdir(folder)
    for name, value in (
        ("FOOTNOTE_LIBRARY", str(folder / "own")),
        ("FOOTNOTE_LLM", "none"),
        ("COLUMNS", "80"),
    ):
        monkeypatch.setenv(name, value)


def run(monkeypatch: pytest.MonkeyPatch, command: Command) -> str:
    """Run a command in this process, which is quick, and return what it says."""
    users = re.match(r"footnote users (add|password)", command.line)
    words = [*command.words, *(["--stdin"] if users else [])]
    refused = "The documents do not answer this question." in command.shown
    with monkeypatch.context() as environ:
        for name, value in command.settings.items():
            environ.setenv(name, value)
        done = CliRunner().invoke(app, words, input=PASSWORD if users else command.typed)
    assert done.exit_code == (3 if refused else 0), (command.line, done.output, done.exception)
    assert done.stdout
    return done.stdout


def test_what_is_linked_in_the_readme_stays() -> None:
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README.text):
        assert (CHECKOUT / picture).is_file()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_and_extras_that_are_named_exist(page: Written) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.text, flags=re.DOTALL | re.MULTILINE)
    for name in re.findall(r"`((?:rag|ingest|ui)/[\w/.]*)`", prose):
        assert (CHECKOUT / name).exists(), name
    extras = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    assert set(re.findall(r"footnote\[(\w+)\]", page.text)) <= set(extras)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_options_in_the_text_exist(page: Written) -> None:
    every = dict(leaves(get_command(app)))
    groups = {name.partition(" ")[0] for name in every}
    spelled = {
        name
        for command in every.values()
        for each in command.params
        for name in (*each.opts, *each.secondary_opts)
    }
    spelled |= {"--help", "--version", "--install-completion"}
    for said in re.findall(r"`footnote ([a-z]+)", page.text):
        assert said in groups, said
    prose = re.sub(r"^```.*?^```$", "", page.text, flags=re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"`(?:footnote [^`]*?)?(--[a-z][a-z-]+)", prose)) <= spelled
