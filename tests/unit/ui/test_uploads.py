from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import StorageError
from rag.upkeep import UPLOADS
from ui.uploads import add_uploads, keep, safe_name


@given(st.text(max_size=300))
def test_a_safe_name_stays_in_its_folder(name):
    safe = safe_name(name)
    assert Path("/folder", safe).parent == Path("/folder")
    assert safe not in ("", ".", "..")
    assert not safe.startswith(".")
    assert len(os.fsencode(safe)) <= 200
    assert safe.isprintable() or not set(safe) & set("\n\r\t\0\u202e\u200b")
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "etc passwd"),
        (".bashrc", "bashrc"),
        ("a\nb\t.txt", "a b.txt"),
        ("Отчёт 2025.docx", "Отчёт 2025.docx"),
        ("x\u202efdp.exe", "x fdp.exe"),
        ("...", "document"),
        (f"{'é' * 300}.md", f"{'é' * 58}.md"),
    ],
)
def test_safe_names(name, safe):
    assert safe_name(name) == safe


@pytest.fixture
def sent(tmp_path):
    """Return a function that makes a file as an upload leaves it: in a folder of its own."""

    def send(name: str, content: str) -> Path:
        folder = (
            tmp_path
            / "sent"
            / str(len(list((tmp_path / "sent").glob("*"))) if (tmp_path / "sent").exists() else 0)
        )
        folder.mkdir(parents=True)
        (folder / name).write_text(content, "utf-8")
        return folder / name

    return send


def test_files_are_kept_and_those_of_one_upload_stay_apart(sent, tmp_path):
    files = [sent("a.txt", "one"), sent("a.txt", "two"), sent("b", "three")]
    kept = keep(files, tmp_path / "kept")
    assert [(path.name, path.read_text()) for path in kept] == [
        ("a.txt", "one"),
        ("a (2).txt", "two"),
        ("b", "three"),
    ]
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["a (2).txt", "a.txt", "b"]


def test_a_later_upload_of_the_same_name_replaces_the_file(sent, tmp_path):
    keep([sent("a.txt", "old")], tmp_path / "kept")
    [path] = keep([sent("a.txt", "new")], tmp_path / "kept")
    assert path.read_text() == "new"


def test_a_folder_that_cannot_be_written_is_told(sent, tmp_path):
    (tmp_path / "kept").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="cannot keep the files in .*kept"):
        keep([sent("a.txt", "x")], tmp_path / "kept")


def test_the_ledger_ends_with_what_became_of_each_file(library, embedder, sent):
    files = [
        sent("planes.txt", "The planes landed in May."),
        sent("broken.pdf", "not a pdf"),
        sent("x.zzz", "?"),
    ]
    ledgers = list(add_uploads(library, embedder, files))
    assert {line.state for line in ledgers[0].lines} == {"waiting"}
    assert ledgers[-1].stage == "done"
    assert [(line.name, line.state) for line in ledgers[-1].lines] == [
        ("planes.txt", "added"),
        ("broken.pdf", "failed"),
        ("x.zzz", "failed"),
    ]
    assert "broken.pdf" in ledgers[-1].lines[1].note
    assert (library.path / UPLOADS / "planes.txt").is_file()
    assert [document.title for document in library.documents() if document.n_passages] == ["planes"]


def test_an_error_that_ends_all_is_a_sentence(library, embedder, sent):
    (library.path / UPLOADS).write_text("a file where the folder should be")
    [ledger] = add_uploads(library, embedder, [sent("a.txt", "x")])
    assert "cannot keep the files" in (ledger.error or "")
    assert [line.state for line in ledger.lines] == ["failed"]


def test_an_unexpected_error_is_logged_and_told(library, embedder, sent, monkeypatch, caplog):
    def fail(*_args, **_options):
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr("ingest.pipeline.add", fail)
    *_, ledger = add_uploads(library, embedder, [sent("a.txt", "x")])
    assert "something went wrong" in (ledger.error or "")
    assert "surprise" in caplog.text
