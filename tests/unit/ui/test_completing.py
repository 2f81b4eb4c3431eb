"""What the shell is offered on Tab, asked as bash, zsh and fish ask."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import AngleEmbedder, put
from typer.testing import CliRunner

from rag.catalog import Catalog
from rag.library import Library
from rag.people.collections import Collections
from ui.cli import app

CHECKOUT = Path(__file__).parents[3]
RUN = "import sys; sys.argv[:] = ['footnote']; from ui.cli import main; main()"
HOSTILE = r"""Report\$(touch owned)`touch owned`"; touch owned; "'; touch owned; ' [bold]‮x"""


@pytest.fixture
def complete(monkeypatch):
    """Return what is offered at the end of a line, as the environment of a shell asks for it."""

    def call(line: str, shell: str = "bash", **environ: str) -> list[str]:
        for name, value in (_asked(line, shell) | environ).items():
            monkeypatch.setenv(name, value)
        done = CliRunner().invoke(app, [], prog_name="footnote")
        assert done.exit_code == 0, done.output
        return [offered for offered in done.output.splitlines() if offered]

    return call


def _asked(line: str, shell: str) -> dict[str, str]:
    return {
        "_FOOTNOTE_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(line.count(" ")),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }


@pytest.fixture
def filled(tmp_path) -> Library:
    """A library with plain names, a name with a space, one that is there twice, and hostile ones."""
    with Library.open(tmp_path / "library", create=True) as library:
        for identity, uri in {
            "a1": "file:///docs/report.pdf",
            "a2": "file:///docs/Report%20of%20May.pdf",
            "b1": "file:///docs/notes.md",
            "b2": "file:///old/notes.md",
            "c1": "file:///docs/re%24%28touch%20owned%29.txt",
            "d1": "file:///docs/-rf",
        }.items():
            put(library, identity, "A zebra ran.", AngleEmbedder(), uri=uri, title=HOSTILE)
        kept = Collections(library.catalog)
        kept.create("Red things", "")
        kept.create("Räder", "")
        kept.create("Hers", "anna")
        kept.create("`touch owned`", "")
        yield library


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        pytest.param("footnote as", ["ask"], id="command"),
        pytest.param("footnote ask --colle", ["--collection"], id="option"),
        pytest.param("footnote ask --llm local", ["local", "local-small"], id="models"),
        pytest.param("footnote eval --measure re", ["retrieval", "refusal"], id="measures"),
        pytest.param("footnote show rep", ["report.pdf"], id="documents"),
        pytest.param("footnote remove a1 R", [r"Report\ of\ May.pdf"], id="name-with-spaces"),
        pytest.param("footnote ask --document b", ["b1", "b2"], id="names-that-are-shared"),
        pytest.param("footnote ask --document zebra", [], id="nothing"),
        pytest.param("footnote ask --collection R", [r"Red\ things", "Räder"], id="collections"),
    ],
)
def test_bash(filled, complete, line: str, offered: list[str]) -> None:
    assert sorted(complete(line)) == sorted(offered)


def test_other_shells_quote_for_themselves(filled, complete) -> None:
    assert "Report of May.pdf" in [line.split("\t")[0] for line in complete("footnote show Rep", "fish")]
    assert '"Report of May.pdf"' in "\n".join(complete("footnote show Rep", "zsh"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("line", ["footnote show ", "footnote ask --collection "])
def test_no_shell_is_offered_anything_to_evaluate(filled, complete, shell: str, line: str) -> None:
    offered = "\n".join(complete(line, shell)).removeprefix("_arguments '*: :((").removesuffix("))'")
    assert "c1" in offered or "Red" in offered
    assert not re.search(r"[$`;'()<>|&*?!{}\[\]\x1b\u202e]", offered)
    assert not re.search(r"\\(?! )", offered)
    assert not re.search(r"(^|\")-", offered, re.MULTILINE)


def test_the_library_may_be_named_before(filled, complete, tmp_path) -> None:
    elsewhere = {"FOOTNOTE_LIBRARY": str(tmp_path / "none")}
    assert complete("footnote show rep", **elsewhere) == []
    assert complete(f"footnote show -l {tmp_path / 'library'} report", **elsewhere)


@pytest.mark.parametrize(
    "environ",
    [{}, {"FOOTNOTE_LIBARY": "x"}, {"FOOTNOTE_LLM": "gpt"}],
    ids=["no-library", "unknown-setting", "wrong-setting"],
)
def test_where_nothing_can_be_read_nothing_is_offered(complete, tmp_path, environ) -> None:
    assert complete("footnote show x", **environ) == []
    assert not (tmp_path / "library").exists()


def test_a_library_of_another_version_is_left_as_it_is(filled, complete, tmp_path) -> None:
    filled.catalog.set_meta({"schema_version": "1"})
    filled.close()
    assert complete("footnote show rep") == []
    catalog = Catalog(tmp_path / "library")
    assert catalog.version == 1
    catalog.close()


def test_only_the_catalogue_is_loaded() -> None:
    heavy = "{'torch', 'chromadb', 'langchain', 'langchain_core', 'prompt_toolkit', 'rag.assistant'}"
    code = (
        "import sys, ui.completing as c, types;"
        "c.offered_documents(types.SimpleNamespace(params={}), '');"
        f"assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)"
    )
    environ = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True, timeout=120)


def test_the_command_itself_answers_the_shell(filled, tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN],
        env=os.environ | _asked("footnote show rep", "bash") | {"PYTHONPATH": str(CHECKOUT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert (done.stdout, done.stderr) == ("report.pdf\n", "")


def test_completion_can_be_installed(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN.replace("'footnote'", "'footnote', '--show-completion', 'bash'")],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "complete -o default -F _footnote_completion footnote" in done.stdout
