"""Scans in a library: what is said of pages without text, and when they are read."""

from __future__ import annotations

import importlib.util
from bisect import bisect_right
from pathlib import Path

import pytest
from fakes import AngleEmbedder
from scanned import LINES, encoded, picture, scan
from typer.testing import CliRunner

from ingest import pipeline
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.pipeline import add
from ingest.scans import note, note_of
from ingest.sync import survey, sync
from rag.errors import MissingExtra
from rag.library import Library
from rag.types import Text
from ui.cli import app

PDF = "application/pdf"
reads = pytest.mark.skipif(
    importlib.util.find_spec("rapidocr_onnxruntime") is None,
    reason="rapidocr-onnxruntime is not installed (it has no wheel for Python 3.13)",
)


@pytest.mark.parametrize(
    ("text", "read", "says"),
    [
        pytest.param(Text("one two", PDF, pages=(0, 4)), False, None, id="all have text"),
        pytest.param(
            Text("one", PDF, pages=(0, 3, 3)),
            False,
            "no text on 2 of 3 pages: they may be scans; read them with --ocr",
            id="two",
        ),
        pytest.param(
            Text("one two", PDF, pages=(0, 4, 4)),
            False,
            "no text on page 2 of 3: it may be a scan; read it with --ocr",
            id="one",
        ),
        pytest.param(
            Text("one", PDF, pages=(0, 0)), True, "no text on page 1 of 2, even with OCR", id="read"
        ),
        pytest.param(Text("one", "text/csv", pages=(0, 0)), False, None, id="sheets are no scans"),
        pytest.param(Text("one", PDF), False, None, id="no pages"),
    ],
)
def test_note(text: Text, read: bool, says: str | None):
    assert note(text, read=read) == says


OCR = Limits(ocr=True)


@pytest.fixture
def half(tmp_path: Path) -> Path:
    path = tmp_path / "half.pdf"
    path.write_bytes(scan("The minister spoke about oil.", None, " "))
    return path


def test_pages_without_text_are_told_though_the_file_is_added(
    half: Path, library: Library, embedder: AngleEmbedder
):
    [outcome] = add(library, [half], embedder)
    says = "no text on 2 of 3 pages: they may be scans; read them with --ocr"
    assert (outcome.kind, outcome.reason) == ("added", says)
    assert note_of(library, library.find("half.pdf")) == says
    [again] = add(library, [half], embedder)
    assert again.kind == "same"


@reads
def test_ocr_reads_what_was_added_without_it_and_only_once(
    half: Path, library: Library, embedder: AngleEmbedder
):
    add(library, [half], embedder)
    [outcome] = add(library, [half], embedder, limits=OCR)
    assert (outcome.kind, outcome.reason) == ("changed", "no text on page 3 of 3, even with OCR")
    document = library.find("half.pdf")
    assert LINES in library.text(document.id)
    assert note_of(library, document) == outcome.reason
    pages = library.catalog.pages([document.id])[document.id]
    assert bisect_right(pages, library.text(document.id).index("planks")) == 2
    assert [each.kind for each in add(library, [half], embedder, limits=OCR)] == ["same"]


@reads
def test_a_scan_that_failed_is_read_and_pictures_are_documents(
    tmp_path: Path, library: Library, embedder: AngleEmbedder
):
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "scan.pdf").write_bytes(scan(None))
    (folder / "page.png").write_bytes(encoded(picture(), "PNG"))
    plain = {each.path.name: each for each in add(library, [folder], embedder)}
    assert [plain[name].kind for name in ("scan.pdf", "page.png")] == ["failed", "failed"]
    assert plain["scan.pdf"].reason == "scan.pdf: no text on its page; it may be scanned: read it with --ocr"
    assert "add it with --ocr" in (plain["page.png"].reason or "")
    read = {each.path.name: each for each in add(library, [folder], embedder, limits=OCR)}
    assert [read[name].kind for name in ("scan.pdf", "page.png")] == ["added", "added"]
    for name in read:
        document = library.find(name)
        assert (document.status, document.n_pages) == ("ready", 1)
        assert "until 1,250 planks" in library.text(document.id)


@reads
def test_a_sync_reads_what_was_read_without_ocr_and_a_copy_of_it_is_not_read_again(
    half: Path, library: Library, embedder: AngleEmbedder
):
    def kinds(limits: Limits = DEFAULT_LIMITS) -> dict[str, str]:
        looked = survey([half.parent], without=library.path, limits=limits)
        report = sync(library, looked, lambda: embedder, limits=limits)
        return {each.path.name: each.kind for each in report.outcomes}

    (half.parent / "page.png").write_bytes(encoded(picture(), "PNG"))
    assert kinds() == {"half.pdf": "added"}
    assert kinds(OCR) == {"half.pdf": "changed", "page.png": "added"}
    assert kinds(OCR) == {}
    assert len(library.documents()) == 2
    copy = half.with_name("half again.pdf")
    copy.write_bytes(half.read_bytes())
    assert kinds() == {"half again.pdf": "added"}
    copied = library.find(copy.name)
    assert (copied.title, note_of(library, copied)) == (copy.stem, "no text on page 3 of 3, even with OCR")
    assert LINES in library.text(copied.id)
    assert kinds() == {}


def test_without_the_extra_nothing_is_begun(
    half: Path, library: Library, embedder: AngleEmbedder, monkeypatch: pytest.MonkeyPatch
):
    def missing() -> None:
        raise MissingExtra("reading scans needs …")

    monkeypatch.setattr(pipeline, "require_ocr", missing)
    with pytest.raises(MissingExtra):
        add(library, [half], embedder, limits=OCR)
    assert library.documents() == []


def test_the_table_and_the_facts_of_a_document_say_it(
    half: Path, tmp_path: Path, embedder: AngleEmbedder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rag.models.make_embedder", lambda *_: embedder)
    run = CliRunner().invoke(app, ["add", str(half)], env={"COLUMNS": "200"})
    assert run.exit_code == 0, run.output
    assert "no text on 2 of 3 pages: they may be scans; read them with --ocr" in run.output
    run = CliRunner().invoke(app, ["show", "half.pdf"])
    assert "note        no text on 2 of 3 pages" in run.output
