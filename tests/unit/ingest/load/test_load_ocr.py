"""Scanned pages and pictures of text, read by the real models, which are in the wheel."""

from __future__ import annotations

import importlib.util
import sys
from bisect import bisect_right

import pytest
from PIL import Image
from scanned import LINES, WORDS, encoded, picture, scan

from ingest.load import check_supported, load, may_be_scanned
from ingest.load.ocr import require, to_lines
from ingest.load.paragraphs import to_paragraphs
from rag.errors import BrokenDocument, EmptyDocument, LimitExceeded, MissingExtra, UnknownFormat

reads = pytest.mark.skipif(
    importlib.util.find_spec("rapidocr_onnxruntime") is None,
    reason="rapidocr-onnxruntime is not installed (it has no wheel for Python 3.13)",
)


def box(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def test_boxes_become_lines_in_points_from_the_foot_of_the_page():
    [line] = to_lines([(box(100, 200, 500, 240), " Some \n words ")], height=1000, dots=2.0)
    assert (line.text, line.left, line.right, line.bottom, line.size) == ("Some words", 50, 250, 380, 20)


def test_lines_of_about_one_height_are_one_paragraph_and_a_large_one_is_not():
    found = [
        (box(100, 100, 700, 160), "Title of it"),
        (box(100, 300, 900, 331), "the first line of a paragraph that"),
        (box(100, 340, 900, 366), "is as wide as its column and goes"),
        (box(100, 380, 500, 412), "on to its end."),
    ]
    lines = to_lines(found, height=1000, dots=1.0)
    assert [line.size for line in lines] == [60, 31.5, 31.5, 31.5]
    paragraphs = [paragraph.text for paragraph in to_paragraphs(lines)]
    assert paragraphs == ["Title of it", " ".join(text for _, text in found[1:])]


def test_no_boxes_are_no_lines():
    assert to_lines([], height=10, dots=1.0) == []


def test_pages_without_text_are_left_where_they_are_only_counted():
    text = load(scan(None, "words of the second page", None), "a.pdf", scans="leave")
    assert text.text == "words of the second page"
    assert text.blank_pages == (1, 3)
    assert load(scan(None, None), "a.pdf", scans="leave").blank_pages == (1, 2)


def test_a_picture_that_is_only_counted_is_a_blank_page():
    frames = encoded(picture(), "TIFF", save_all=True, append_images=[picture(), picture()])
    assert load(frames, "a.tif", scans="leave").blank_pages == (1, 2, 3)


@reads
def test_the_words_of_scanned_pages_stand_on_their_pages():
    text = load(scan("words of the first page", None, "words of the third page"), "a.pdf", scans="read")
    assert text.text.split("\n\n") == ["words of the first page", LINES, "words of the third page"]
    assert bisect_right(text.pages, text.text.index("1,250 planks")) == 2
    assert bisect_right(text.pages, text.text.index("third page")) == 3
    assert text.blank_pages == ()


@reads
@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("a.png", encoded(picture(), "PNG"), id="png"),
        pytest.param("a.jpg", encoded(picture(), "JPEG"), id="jpg"),
        pytest.param("a.TIFF", encoded(picture(), "TIFF"), id="tiff"),
        pytest.param("a.png", encoded(picture().convert("1"), "PNG"), id="black and white"),
        pytest.param("a.png", encoded(picture().convert("P"), "PNG"), id="palette"),
        pytest.param("a.jpg", encoded(picture().resize((450, 300)), "JPEG"), id="small and blurred"),
        pytest.param(
            "a.jpg",
            encoded(
                picture().rotate(90, expand=True),
                "JPEG",
                exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
            ),
            id="turned by its camera",
        ),
    ],
)
def test_the_words_of_pictures(name: str, data: bytes):
    text = load(data, name, scans="read")
    assert " ".join(text.text.split()).rstrip(".") == LINES.rstrip(".")  # a blurred full stop is a speck
    assert text.pages == (0,)
    assert text.media_type.startswith("image/")


@reads
def test_see_through_is_white():
    image = Image.new("RGBA", (900, 600), (0, 0, 0, 0))
    image.paste(Image.new("RGBA", (900, 600), "black"), mask=picture().point(lambda level: 255 - level))
    assert WORDS[0] in load(encoded(image, "PNG"), "a.png", scans="read").text


@reads
@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        pytest.param("a.pdf", scan(" ", " "), "no text on any of its 2 pages, even with OCR", id="pdf"),
        pytest.param("a.png", encoded(picture(()), "PNG"), "there is no text in it", id="picture"),
    ],
)
def test_nothing_to_read(name: str, data: bytes, says: str):
    with pytest.raises(EmptyDocument, match=says):
        load(data, name, scans="read")


@pytest.mark.parametrize(
    ("name", "data", "error", "says"),
    [
        pytest.param(
            "a.png",
            encoded(Image.new("1", (10_000, 5_001)), "PNG"),
            LimitExceeded,
            "50 megapixels",
            id="large",
        ),
        pytest.param("a.jpg", encoded(picture(), "PNG"), BrokenDocument, "it is a PNG picture", id="name"),
        pytest.param("a.png", encoded(picture(), "PNG")[:300], BrokenDocument, "is damaged", id="cut short"),
    ],
)
def test_pictures_that_cannot_be_read(name: str, data: bytes, error: type[Exception], says: str):
    with pytest.raises(error, match=rf"^{name}: .*{says}"):
        load(data, name, scans="read")


def test_pictures_are_known_only_where_they_are_read():
    check_supported("a.png", pictures=True)
    with pytest.raises(
        UnknownFormat, match=r"does not read \.png files; if it is a picture of text, add it with"
    ):
        check_supported("a.png")
    assert may_be_scanned("a.PDF")
    assert may_be_scanned("a.jpeg")
    assert not may_be_scanned("a.txt")
    assert not may_be_scanned("a.gif")


def test_what_is_missing_is_named_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"rapidocr_onnxruntime: pip install 'footnote\[ocr\]'"):
        require()
