"""Pages drawn and measured in a real fenced process: what is kept, what is replaced, what is refused."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest
from papers import STORY, long_pdf, mapped_pdf, story_pdf
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from ingest import pages as module
from ingest.desk import MAX_HEIGHT
from ingest.limits import Limits
from ingest.load import load
from ingest.pages import Original, Pages
from rag.errors import BrokenDocument, EncryptedDocument, LimitExceeded, LoadError


class File:
    """A file that counts how often it is read."""

    def __init__(self, data: bytes) -> None:
        self.reads = 0
        self.data = data
        self.original = Original(hashlib.sha256(data).hexdigest(), "a.pdf", self._read)

    def _read(self) -> bytes:
        self.reads += 1
        return self.data


@pytest.fixture
def pages() -> Iterator[Pages]:
    with Pages() as opened:
        yield opened


def size_of(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as image:
        assert image.format == "PNG"
        return image.size


def locked() -> bytes:
    out = io.BytesIO()
    Canvas(out, encrypt=StandardEncryption("open", "own")).save()
    return out.getvalue()


def test_pages_are_drawn_at_the_width_asked_for(pages: Pages):
    file = File(story_pdf())
    assert pages.sizes(file.original) == ((595.28, 841.89),) * 3
    assert size_of(pages.image(file.original, 2, 400)) == (400, 566)
    assert size_of(pages.image(file.original, 2, 800))[0] == 800
    assert pages.image(file.original, 1, 400) != pages.image(file.original, 2, 400)
    assert file.reads == 1


def test_ink_is_where_the_words_are(pages: Pages):
    file = File(story_pdf())
    text = load(file.data, "a.pdf")
    page = text.text[: text.pages[1]]
    start = page.index(STORY[0][1])
    boxes = pages.boxes(file.original, 1, page, start, start + len(STORY[0][1]))
    assert boxes is not None
    [(left, top, width, height)] = boxes
    with Image.open(io.BytesIO(pages.image(file.original, 1, 800))) as image:
        grey = image.convert("L")
        [x0, x1] = [left * grey.width, (left + width) * grey.width]
        [y0, y1] = [top * grey.height, (top + height) * grey.height]
        assert grey.crop((round(x0), round(y0), round(x1), round(y1))).getextrema()[0] < 100
        assert grey.crop((0, round(y0), round(x0) - 2, round(y1))).getextrema()[0] == 255


def test_words_that_the_page_does_not_have_are_nowhere(pages: Pages):
    assert pages.boxes(File(story_pdf()).original, 1, "words of OCR", 0, 5) is None


def test_one_child_keeps_several_files_open(pages: Pages, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_OPEN_FILES", 2)
    monkeypatch.setattr(module, "_KEPT_BYTES", 0)
    files = [File(long_pdf(1, lines=n)) for n in range(1, 4)]
    for file in (files[0], files[1], files[0]):
        pages.image(file.original, 1, 400)
    assert [file.reads for file in files] == [1, 1, 0]
    pid = pages.pid
    for file in (files[2], files[0], files[1]):  # the second has made room
        pages.image(file.original, 1, 400)
    assert [file.reads for file in files] == [1, 2, 1]
    assert pages.pid == pid


def test_a_picture_is_drawn_once(pages: Pages):
    file = File(story_pdf())
    first = pages.image(file.original, 1, 400)
    os.kill(pages.pid or 0, signal.SIGKILL)
    assert pages.image(file.original, 1, 400) is first
    assert size_of(pages.image(file.original, 2, 400))[0] == 400  # by a new child
    assert file.reads == 2


def test_a_page_that_is_very_tall_is_drawn_smaller(pages: Pages):
    file = File(mapped_pdf(b"", {0x41: "A"}, b"/MediaBox [0 0 10 10000]"))
    width, height = size_of(pages.image(file.original, 1, 2400))
    assert height == MAX_HEIGHT
    assert width == 8


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        pytest.param(b"%PDF-1.4\nrubbish", BrokenDocument, "the PDF is damaged", id="rubbish"),
        pytest.param(locked(), EncryptedDocument, "locked with a password", id="password"),
    ],
)
def test_files_that_do_not_open(pages: Pages, data: bytes, error: type[Exception], words: str):
    with pytest.raises(error, match=rf"^a\.pdf: .*{words}"):
        pages.sizes(File(data).original)
    assert size_of(pages.image(File(story_pdf()).original, 1, 400))[0] == 400


@pytest.mark.parametrize(
    ("limits", "data", "words"),
    [
        pytest.param(Limits(max_pages=2), story_pdf(), "more than 2 pages", id="pages"),
        pytest.param(Limits(load_timeout_s=0.01), story_pdf(), r"more than 0\.01 s", id="time"),
        pytest.param(Limits(load_memory_mb=1), story_pdf(), "too much memory|crashes", id="memory"),
    ],
)
def test_limits(limits: Limits, data: bytes, words: str):
    with Pages(limits) as pages, pytest.raises(LoadError, match=words):
        pages.image(File(data).original, 1, 400)


def busy() -> bytes:
    """Return a page that takes many seconds to draw."""
    lines = b"".join(b"%d %d m 600 %d l S\n" % (i % 7, i % 791, (i * 31) % 791) for i in range(300_000))
    return mapped_pdf(lines, {0x41: "A"})


def test_a_page_that_takes_too_long_is_not_tried_again(monkeypatch: pytest.MonkeyPatch):
    file = File(busy())
    with Pages(Limits(load_timeout_s=1)) as pages:
        with pytest.raises(LimitExceeded, match="more than 1 s"):
            pages.image(file.original, 1, 2400)
        assert pages.pid is None
        with monkeypatch.context() as patched:
            patched.delattr("ingest.child.Child.exchange")
            with pytest.raises(LimitExceeded, match="more than 1 s"):
                pages.image(file.original, 1, 2400)
        assert file.reads == 1
        monkeypatch.setattr(pages, "_limits", Limits())  # a busy machine starts no child within a second
        assert size_of(pages.image(File(story_pdf()).original, 1, 400))[0] == 400


def test_a_page_is_not_blamed_for_a_child_that_others_have_used(pages: Pages):
    pages.image(File(story_pdf()).original, 1, 400)
    pid = pages.pid or 0
    file = File(long_pdf(2))
    os.kill(pid, signal.SIGKILL)
    assert size_of(pages.image(file.original, 1, 400))[0] == 400
    assert pages.pid != pid


def test_closing_ends_a_page_in_the_middle():
    pages = Pages()
    errors: list[LoadError] = []

    def draw() -> None:
        try:
            pages.image(File(busy()).original, 1, 2400)
        except LoadError as error:
            errors.append(error)

    thread = threading.Thread(target=draw)
    thread.start()
    while pages.pid is None:
        time.sleep(0.01)
    time.sleep(0.5)
    began = time.monotonic()
    pages.close()
    thread.join(120)
    assert time.monotonic() - began < 20  # of the 30 seconds that a page may take
    assert len(errors) == 1
    assert pages.pid is None
    with pytest.raises(LoadError, match="Footnote is ending"):
        pages.sizes(File(story_pdf()).original)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no picture", id="no picture"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\0\0\0\1", id="a bomb"),
        pytest.param(b'{"error": "SystemExit", "message": "x"}', id="another error"),
        pytest.param(b'{"boxes": [[0, 0, 1, NaN]]}', id="no number"),
        pytest.param(b'{"boxes": [[0, 0, 1, 7]]}', id="out of the page"),
        pytest.param(b'{"boxes": [[0, 0, 1]]}', id="too few numbers"),
        pytest.param(b'{"sizes": [[0, 5]]}', id="no width"),
    ],
)
def test_nothing_that_the_child_answers_is_believed(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, reply: bytes
):
    file = File(story_pdf())
    pages.sizes(file.original)
    monkeypatch.setattr("ingest.child.Child.exchange", lambda *_args, **_options: reply)
    with pytest.raises(BrokenDocument, match="no sensible answer"):
        pages.image(file.original, 1, 400)
    with pytest.raises(BrokenDocument, match="no sensible answer"):
        pages.boxes(file.original, 1, "text", 0, 1)
    with pytest.raises(BrokenDocument, match="no sensible answer"):
        pages.sizes(File(long_pdf(1)).original)


def test_a_thousand_pages_open_at_once(pages: Pages):
    file = File(long_pdf(1000, lines=2))
    began = time.monotonic()
    assert len(pages.sizes(file.original)) == 1000
    pages.image(file.original, 999, 800)
    assert time.monotonic() - began < 60  # a fifth of a second on a quiet machine
    for number in range(1, 1000, 100):
        pages.image(file.original, number, 800)
    assert file.reads == 1
