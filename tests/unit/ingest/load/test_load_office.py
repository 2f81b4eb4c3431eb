"""docx, pptx and epub."""

from __future__ import annotations

import io
import zipfile
from bisect import bisect_right

import docx
import pptx
import pytest
from pptx.util import Inches

from ingest.load import load
from rag.errors import BrokenDocument, EmptyDocument, EncryptedDocument, LimitExceeded

CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
    '<rootfiles><rootfile full-path="in/book.opf" media-type="application/oebps-package+xml"/></rootfiles>'
    "</container>"
)
PACKAGE = (
    '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
    '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The lighthouse</dc:title>'
    "<dc:creator>Ada Grey</dc:creator></metadata><manifest>"
    '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="b" href="b%20b.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>'
)
CHAPTERS = (
    '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><style>p{}</style>'
    '</head><body><h1>Chapter one</h1><p>The <em>keeper</em> lit the <a href="x">lamp</a>.'
    '<img src="a.png" alt="picture"/></p><pre>a*b\n  c</pre><hr/></body></html>',
    '<html xmlns="http://www.w3.org/1999/xhtml"><body><h2>Chapter two</h2><p>It was dark.</p></body></html>',
)


def zipped(members: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def book(**more: str) -> bytes:
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "in/book.opf": PACKAGE,
        "in/a.xhtml": CHAPTERS[0],
        "in/b b.xhtml": CHAPTERS[1],
    }
    return zipped(members | {name.replace("__", "/"): content for name, content in more.items()})


def word(title: str = "Bridge inspection 2025", words: str = "safe") -> bytes:
    document = docx.Document()
    document.core_properties.title = title
    document.add_heading("Bridges", 0)
    document.add_heading("Findings", 1)
    paragraph = document.add_paragraph("The *old* bridge_1 in ")
    paragraph.add_run("Rome").bold = True
    paragraph.add_run(f" is {words}. See [1] & <b>x</b>.")
    document.add_paragraph("first", style="List Bullet")
    document.add_paragraph("second", style="List Bullet")
    table = document.add_table(2, 2)
    for row, cells in enumerate((("City", "People"), ("Rome", "2800000"))):
        for column, cell in enumerate(cells):
            table.cell(row, column).text = cell
    document.add_heading("Next steps", 2)
    document.add_paragraph("None.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def slides(title: str = "PowerPoint Presentation") -> bytes:
    show = pptx.Presentation()
    show.core_properties.title = title
    for number in range(3):
        slide = show.slides.add_slide(show.slide_layouts[5])
        if number == 1:
            continue
        slide.shapes.title.text = f"Slide about {number}"
        box = slide.shapes.add_textbox(Inches(1), Inches(2), Inches(4), Inches(2))
        box.text_frame.text = f"Body of {number}\nsecond_line *here*"
    slide.notes_slide.notes_text_frame.text = "Say hello"
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
    for place, cell in zip(((0, 0), (0, 1), (1, 0), (1, 1)), ("A", "B", "1", "2"), strict=True):
        table.cell(*place).text = cell
    out = io.BytesIO()
    show.save(out)
    return out.getvalue()


def test_word():
    text = load(word(), "a.docx")

    assert text.text == (
        "Bridges\n\nFindings\n\nThe *old* bridge_1 in Rome is safe. See [1] & <b>x</b>.\n\n"
        "- first\n- second\n\nCity | People\nRome | 2800000\n\nNext steps\n\nNone."
    )
    assert [(mark.level, mark.title) for mark in text.headings] == [
        (1, "Bridges"),
        (1, "Findings"),
        (2, "Next steps"),
    ]
    assert all(text.text[mark.start :].startswith(mark.title) for mark in text.headings)
    assert (text.title, text.pages) == ("Bridge inspection 2025", ())


@pytest.mark.parametrize("title", ["", "Document1", "Word Document"])
def test_word_without_a_title_takes_its_first_heading(title: str):
    assert load(word(title), "a.docx").title == "Bridges"


def test_word_without_properties():
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word())) as source, zipfile.ZipFile(out, "w") as target:
        for member in source.infolist():
            if member.filename != "docProps/core.xml":
                target.writestr(member, source.read(member))

    assert load(out.getvalue(), "a.docx").title == "Bridges"


def test_powerpoint_slides_are_pages():
    text = load(slides(), "a.pptx")

    assert text.text == (
        "Slide about 0\n\nBody of 0\nsecond_line *here*\n\nSlide about 2\n\nBody of 2\nsecond_line *here*\n\n"
        "A | B\n1 | 2\n\nNotes\n\nSay hello"
    )
    assert len(text.pages) == 3
    assert bisect_right(text.pages, text.text.index("Body of 0")) == 1
    assert bisect_right(text.pages, text.text.index("Slide about 2")) == 3
    assert [(mark.level, mark.title) for mark in text.headings] == [
        (1, "Slide about 0"),
        (1, "Slide about 2"),
        (3, "Notes"),
    ]
    assert text.title == "Slide about 0"


def test_epub():
    text = load(book(), "a.epub")

    assert text.text == (
        "Title: The lighthouse\nAuthors: Ada Grey\n\nChapter one\n\nThe keeper lit the lamp.\n\na*b\n  c\n\n"
        "Chapter two\n\nIt was dark."
    )
    assert [(mark.level, mark.title) for mark in text.headings] == [(1, "Chapter one"), (2, "Chapter two")]
    assert all(text.text[mark.start :].startswith(mark.title) for mark in text.headings)
    assert text.title == "The lighthouse"


def test_a_book_with_obfuscated_fonts_is_read():
    fonts = '<encryption><CipherReference URI="in/font.otf"/></encryption>'

    assert "It was dark." in load(book(**{"META-INF__encryption.xml": fonts}), "a.epub").text


def test_a_protected_book_is_refused():
    pages = '<encryption><CipherReference URI="in/a.xhtml"/></encryption>'
    with pytest.raises(EncryptedDocument, match=r"^a\.epub: the book is copy-protected"):
        load(book(**{"META-INF__encryption.xml": pages}), "a.epub")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_in_office_files_are_refused(encoding: str):
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "words">]><a>&b;</a>'.encode(encoding)
    with pytest.raises(BrokenDocument, match=r"^a\.docx: it declares XML entities"):
        load(zipped({"word/document.xml": bomb}), "a.docx")


def test_entities_in_books_are_refused():
    bomb = '<!DOCTYPE a [<!ENTITY b "words">]><package>&b;</package>'
    with pytest.raises(BrokenDocument, match=r"^a\.epub: it declares XML entities"):
        load(book(**{"in__book.opf": bomb}), "a.epub")


def test_a_file_that_unpacks_to_too_much_is_refused():
    with pytest.raises(LimitExceeded, match=r"^a\.docx: it unpacks to more than 200 MB"):
        load(zipped({"word/document.xml": b" " * 200_000_001}), "a.docx")


def test_a_file_with_too_many_parts_is_refused():
    members = {"word/document.xml": "<a/>"} | {f"{i}": "" for i in range(10_000)}
    with pytest.raises(LimitExceeded, match=r"^a\.docx: it holds more than 10,000 parts"):
        load(zipped(members), "a.docx")


def test_a_locked_member_is_refused():
    data = bytearray(word())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.infolist()[0].flag_bits == 0
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(EncryptedDocument, match=r"^a\.docx: it is locked with a password"):
        load(bytes(data), "a.docx")


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_cut_short_is_refused(share: float):
    data = word()
    with pytest.raises(BrokenDocument, match=r"^a\.docx: the file is cut short or damaged"):
        load(data[: int(len(data) * share)], "a.docx")


def test_a_damaged_part_is_refused():
    data = bytearray(slides())
    middle = data.index(b"ppt/slides/slide1.xml") + 60
    data[middle : middle + 40] = b"\0" * 40
    with pytest.raises(BrokenDocument, match=r"^a\.pptx: the file is damaged"):
        load(bytes(data), "a.pptx")


def test_an_empty_document_is_refused():
    out = io.BytesIO()
    docx.Document().save(out)
    with pytest.raises(EmptyDocument, match=r"^a\.docx: there is no text in it"):
        load(out.getvalue(), "a.docx")
