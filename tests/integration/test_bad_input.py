"""What goes wrong is told in one line that says what to do, with exit code 1 or 2, and loses nothing."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import AngleEmbedder, put

from rag.catalog import Catalog
from rag.library import Library

pytestmark = pytest.mark.models


def told(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line on standard error."""
    assert "Traceback" not in done.stderr + done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("footnote: ")
    return lines[0]


@pytest.mark.parametrize(
    ("question", "message"),
    [("", "the question is empty"), ("  ", "the question is empty"), ("x" * 10_000, "10,000 characters")],
)
def test_a_question_that_is_none(footnote, seed_library, question: str, message: str) -> None:
    done = footnote("ask", question, "-l", seed_library)
    assert done.returncode == 2
    assert message in told(done)


@pytest.mark.parametrize("command", [("ask", "What?"), ("list",), ("show", "x"), ("remove", "x")])
def test_there_is_no_library(footnote, tmp_path, command: tuple[str, ...]) -> None:
    done = footnote(*command, "-l", tmp_path / "none")
    assert done.returncode == 1
    assert "footnote add" in told(done)
    assert not (tmp_path / "none").exists()


def test_an_empty_library(footnote, tmp_path) -> None:
    Library.open(tmp_path / "empty", create=True).close()
    done = footnote("ask", "What?", "-l", tmp_path / "empty")
    assert done.returncode == 1
    assert "is empty" in told(done)


def test_a_library_of_another_embedder(footnote, tmp_path) -> None:
    with Library.open(tmp_path / "other", create=True) as library:
        put(library, "a", "A zebra ran.", AngleEmbedder())
    (tmp_path / "b.txt").write_text("Text.")
    for command in (("ask", "What?"), ("add", tmp_path / "b.txt")):
        done = footnote(*command, "-l", tmp_path / "other")
        assert done.returncode == 1
        assert "made with the embedder fake:angles" in told(done)


def test_a_library_of_a_newer_version(footnote, tmp_path) -> None:
    catalog = Catalog(tmp_path / "newer", create=True)
    catalog.set_meta({"schema_version": "99"})
    catalog.close()
    done = footnote("list", "-l", tmp_path / "newer")
    assert done.returncode == 1
    assert "schema 99" in told(done)


def test_a_library_in_use(footnote, tmp_path) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    with Library.open(tmp_path / "used", create=True) as library:
        library.lock("a test")
        done = footnote("add", tmp_path / "a.txt", "-l", tmp_path / "used")
    assert done.returncode == 1
    assert f"in use by 'a test' (process {os.getpid()}" in told(done)


def test_a_folder_that_may_not_be_written(footnote, tmp_path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    target = (
        folder / "library" if os.geteuid() else Path("/sys/footnote")
    )  # root may write anywhere but there
    (tmp_path / "a.txt").write_text("Text.")
    done = footnote("add", tmp_path / "a.txt", "-l", target)
    assert done.returncode == 1
    assert "cannot use the library" in told(done)


def test_a_disk_that_takes_no_more(footnote, seed_library, tmp_path) -> None:
    small = tmp_path / "small"
    (tmp_path / "first.txt").write_text("The first document is about zebras.")
    assert footnote("add", tmp_path / "first.txt", "-l", small).returncode == 0
    (tmp_path / "second.txt").write_text(
        "\n\n".join(f"Paragraph {i} " + "of words " * 80 for i in range(300))
    )
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "add", str(tmp_path / "second.txt"), "-l", str(small)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)),
        timeout=300,
    )
    assert done.returncode == 1
    assert "space" in told(done)
    listed = json.loads(footnote("list", "--json", "-l", small).stdout)
    assert [(d["title"], d["status"]) for d in listed] == [("first", "ready")]


def test_no_network_and_no_model_files(footnote, tmp_path) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    done = footnote("add", tmp_path / "a.txt", FOOTNOTE_MODELS=str(tmp_path / "models"), FOOTNOTE_OFFLINE="1")
    assert done.returncode == 1
    assert "all-MiniLM-L6-v2" in told(done)


def test_a_model_file_with_a_wrong_hash(footnote, tmp_path) -> None:
    folder = tmp_path / "models" / "all-MiniLM-L6-v2"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"not the model")
    (tmp_path / "a.txt").write_text("Text.")
    done = footnote("add", tmp_path / "a.txt", FOOTNOTE_MODELS=str(tmp_path / "models"), FOOTNOTE_OFFLINE="1")
    assert done.returncode == 1
    assert "model.safetensors" in told(done)
    assert (folder / "model.safetensors").read_bytes() == b"not the model"


@pytest.mark.parametrize(
    ("environ", "arguments", "message"),
    [
        ({"FOOTNOTE_LIBARY": "x"}, ("list",), "unknown setting 'FOOTNOTE_LIBARY' in the environment"),
        ({"FOOTNOTE_LLM": "gpt"}, ("list",), "'FOOTNOTE_LLM' in the environment is not valid"),
        ({}, ("chat", "--host", "0.0.0.0"), "host"),
        ({"FOOTNOTE_LLM": "openai:gpt-x", "OPENAI_API_KEY": ""}, ("ask", "What?"), "OPENAI_API_KEY"),
    ],
)
def test_a_setting_that_is_wrong(footnote, seed_library, environ, arguments, message: str) -> None:
    done = footnote(*arguments, "-l", seed_library, **environ)
    assert done.returncode in (1, 2)
    assert message in told(done)
