"""Limits are settings, and say so where a file goes beyond one."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import pytest
from reportlab.pdfgen.canvas import Canvas

from ingest.limits import DEFAULT_LIMITS, Limits, exceeded
from ingest.load import load
from rag.errors import LimitExceeded
from rag.settings import Settings


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def blank(pages: int) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    for _ in range(pages):
        canvas.drawString(72, 700, "The keeper lit the lamp.")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_every_limit_is_a_setting_with_the_same_default():
    assert Limits.of(Settings()) == DEFAULT_LIMITS
    assert Limits.of(Settings(max_pages=7, load_timeout_s=0.5)) == Limits(max_pages=7, load_timeout_s=0.5)


def test_every_limit_can_be_sent_as_json():
    assert Limits(**Limits(max_ratio=2).to_dict()) == Limits(max_ratio=2)


def test_the_words_name_the_setting():
    names = {field.name for field in dataclasses.fields(Limits)}
    assert set(Settings.model_fields) >= names
    assert str(exceeded("a.pdf", "it is long", "max_pages")) == (
        "a.pdf: it is long; split it into smaller files or raise the setting 'max_pages'"
    )


@pytest.mark.parametrize(
    ("limits", "name", "data", "words"),
    [
        pytest.param(
            Limits(max_pages=2), "a.pdf", blank(3), "it has more than 2 pages; .* 'max_pages'", id="pages"
        ),
        pytest.param(
            Limits(max_decompressed_mb=0.5),
            "a.docx",
            zipped(a=bytes(500_001)),
            "it unpacks to more than 0.5 MB; .* 'max_decompressed_mb'",
            id="decompressed",
        ),
        pytest.param(
            Limits(max_ratio=20),
            "a.docx",
            zipped(a=bytes(10_000_001)),
            "it unpacks to more than 20 times its size; .* 'max_ratio'",
            id="ratio",
        ),
        pytest.param(
            Limits(max_entries=2),
            "a.pptx",
            zipped(a=b"", b=b"", c=b""),
            "it holds more than 2 parts; .* 'max_entries'",
            id="entries",
        ),
        pytest.param(
            Limits(max_characters=4),
            "a.txt",
            b"words",
            "it has more than 4 characters of text; .* 'max_characters'",
            id="characters",
        ),
    ],
)
def test_a_file_beyond_a_limit(limits: Limits, name: str, data: bytes, words: str):
    with pytest.raises(LimitExceeded, match=f"^{name}: {words}$"):
        load(data, name, limits)


def test_a_file_within_its_limits():
    assert len(load(blank(2), "a.pdf", Limits(max_pages=2)).pages) == 2
    assert load(b"words", "a.txt", Limits(max_characters=5)).text == "words"
