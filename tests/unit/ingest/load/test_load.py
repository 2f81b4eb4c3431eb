"""The border: which loader, what is refused by its looks, and that every error is one of ours."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.limits import Limits
from ingest.load import SUPPORTED, load, media_type
from ingest.load.draft import Draft, best_title
from ingest.load.formats import FORMATS
from rag.errors import (
    BrokenDocument,
    EmptyDocument,
    EncryptedDocument,
    LimitExceeded,
    LoadError,
    UnknownFormat,
)
from rag.types import Heading

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500
LOCKED = OLE + "EncryptedPackage".encode("utf-16-le") + b"\0" * 100


def zip_with(member: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(member, "<x/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "error", "words"),
    [
        (
            "a.pdf",
            zip_with("x.txt"),
            BrokenDocument,
            "it is a ZIP archive, not what its name says; unpack it",
        ),
        (
            "a.pdf",
            zip_with("word/document.xml"),
            BrokenDocument,
            "it is a Word document.*rename it to end in .docx",
        ),
        ("a.pdf", b"just words", BrokenDocument, "it is not a PDF, or its beginning is lost"),
        ("a.docx", LOCKED, EncryptedDocument, "it is locked with a password"),
        ("a.xlsx", LOCKED, EncryptedDocument, "it is locked with a password"),
        ("a.docx", OLE, BrokenDocument, "it is an old Office file, not what its name says; save it as .docx"),
        ("a.docx", b"<html><p>words", BrokenDocument, "it is an HTML page.*rename it to end in .html"),
        ("a.docx", b"{\\rtf1 words}", BrokenDocument, "it is an RTF document.*save it as .docx"),
        ("a.docx", b"%PDF-1.4", BrokenDocument, "it is a PDF.*rename it to end in .pdf"),
        ("a.docx", zip_with("ppt/presentation.xml"), BrokenDocument, "it is a PowerPoint presentation"),
        ("a.txt", b"\x89PNG\r\n\x1a\n", BrokenDocument, "it is a PNG picture.*export it as .pdf or .txt"),
        ("a.csv", zip_with("xl/workbook.xml"), BrokenDocument, "it is an Excel workbook"),
        ("a.html", b"\x1f\x8b\x08", BrokenDocument, "it is a gzip archive.*unpack it"),
        ("a.txt", b"", EmptyDocument, "the file is empty"),
        ("a.txt", b" \n\t-- ...", EmptyDocument, "there is no text in it"),
        ("a.doc", OLE, UnknownFormat, "Footnote does not read .doc files; save it as .docx or .pdf"),
        ("a.zip", zip_with("x"), UnknownFormat, "Footnote does not read .zip files; unpack it"),
        ("a.mp3", b"ID3", UnknownFormat, "Footnote does not read .mp3 files; it reads csv, docx, eml"),
        ("README", b"words", UnknownFormat, "the name has no extension; it reads csv, docx"),
    ],
)
def test_refusals_name_the_file_and_say_what_to_do(
    name: str, data: bytes, error: type[LoadError], words: str
):
    with pytest.raises(error, match=rf"^{name}: {words}") as caught:
        load(data, name)
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", sorted(SUPPORTED))
@pytest.mark.parametrize(
    "head",
    [b"", b"PK\x03\x04", b"%PDF-1.7\n", b"<html>", b"{", b"\xff\xfe"],
    ids=["none", "zip", "pdf", "html", "json", "bom"],
)
def test_rubbish_is_text_or_one_of_our_errors(suffix: str, head: bytes):
    name = f"a{suffix}"
    data = head + bytes((i * 7919 + i // 251) % 256 for i in range(3000))
    outcome = outcome_of(data, name)

    assert outcome == media_type(name) or outcome.startswith(f"{name}: ")


def outcome_of(data: bytes, name: str) -> str:
    try:
        return load(data, name).media_type
    except LoadError as error:
        return str(error)


@pytest.mark.parametrize(
    ("raised", "expected", "words"),
    [
        (ValueError("bad\nvalue"), BrokenDocument, "the file is damaged; open it and save it again$"),
        (KeyError(), BrokenDocument, "the file is damaged; open it"),
        (MemoryError(), LimitExceeded, "reading it takes too much memory"),
        (RecursionError(), BrokenDocument, "it is nested too deeply"),
        (ModuleNotFoundError("x", name="lxml"), LoadError, "the package 'lxml' is missing"),
    ],
)
def test_foreign_errors_are_translated(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, expected: type[LoadError], words: str
):
    def broken(data: bytes, name: str, limits: Limits) -> None:
        raise raised

    monkeypatch.setattr("ingest.load.text.load", broken)
    with pytest.raises(expected, match=rf"^a\.txt: {words}") as caught:
        load(b"words", "a.txt")
    assert type(caught.value) is expected


def test_names_are_kept_to_one_line():
    with pytest.raises(EmptyDocument, match=r"^a b\.txt: the file is empty"):
        load(b"", "a\nb.txt")


def test_extensions_and_media_types():
    assert frozenset(FORMATS) == SUPPORTED
    assert media_type("A.PDF") == "application/pdf"
    assert media_type("a.unknown") == "application/octet-stream"
    assert load(b"words", "A.TXT").media_type == "text/plain"


def test_knowing_the_formats_imports_nothing_heavy():
    code = (
        "import sys; from ingest.load import SUPPORTED; assert SUPPORTED;"
        "heavy = {'markitdown', 'trafilatura', 'lxml', 'pypdfium2', 'openpyxl', 'charset_normalizer'};"
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("set()\n", "")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Annual report", "Annual report"),
        ("Title of the song", "Title of the song"),
        ("Untitled", None),
        ("untitled 3", None),
        ("Microsoft Word - x.doc", None),
        ("Presentation1", None),
        ("final.docx", None),
        ("(anonymous)", None),
        ("---", None),
        ("a\0b", "a b"),
        ("x" * 300, None),
        (None, None),
    ],
)
def test_titles(title: str | None, expected: str | None):
    assert best_title(title) == expected


def test_the_first_of_the_top_headings_stands_in_for_a_title():
    assert (
        best_title(None, (Heading(0, 2, "Small"), Heading(9, 1, "Large"), Heading(20, 1, "Later"))) == "Large"
    )


steps = st.lists(
    st.one_of(
        st.tuples(st.just("page"), st.just("")),
        st.tuples(st.sampled_from(["block", "rows", "items", "heading"]), st.text("ab \n", max_size=6)),
    ),
    max_size=15,
)


@given(steps)
def test_marks_agree_with_the_text(steps: list[tuple[str, str]]):
    draft = Draft()
    for kind, words in steps:
        if kind == "page":
            draft.page()
        elif kind == "heading":
            draft.heading(1, words)
        else:
            draft.block(words, group="" if kind == "block" else kind)
    text = draft.finish("a.txt")

    assert len(text.pages) == sum(kind == "page" for kind, _ in steps)
    assert list(text.pages) == sorted(text.pages)
    assert all(0 <= page <= len(text.text) for page in text.pages)
    assert all(text.text.startswith(mark.title, mark.start) for mark in text.headings)
    assert "".join(text.text.split()) == "".join("".join(words.split()) for _, words in steps)


def test_a_heading_that_is_a_book_is_cut():
    """Each passage below a heading keeps a copy: one of 600 KB over 1,500 passages took a gigabyte."""
    text = load(b"# " + b"lamp " * 120_000 + b"\n\nlit\n", "a.md")
    assert text.headings[0].title == "lamp " * 60
    assert len(text.text) > 600_000


def test_a_parser_that_fails_for_want_of_memory_does_not_blame_the_file() -> None:
    code = (
        "from ingest import fence; from ingest.load import border; from rag.errors import LoadError\n"
        "fence.limit_memory(1 << 20)\n"
        "try:\n"
        "    with border('a.pdf'):\n"
        "        raise ValueError('Failed to load document.')\n"
        "except LoadError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith("a.pdf: reading it takes too much memory"), done.stderr
