from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.download import disposition


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("report.pdf", "attachment; filename=\"report.pdf\"; filename*=UTF-8''report.pdf"),
        (
            "my report (2).pdf",
            "attachment; filename=\"my report (2).pdf\"; filename*=UTF-8''my%20report%20%282%29.pdf",
        ),
        ("Übersicht.pdf", "attachment; filename=\"_bersicht.pdf\"; filename*=UTF-8''%C3%9Cbersicht.pdf"),
        ('a"; filename="evil.exe', 'attachment; filename="a _ filename_ evil.exe"; '),
        ("报告.pdf", "attachment; filename=\"__.pdf\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A.pdf"),
        ("../../etc/passwd", "attachment; filename=\"etc passwd\"; filename*=UTF-8''etc%20passwd"),
        ("", "attachment; filename=\"document\"; filename*=UTF-8''document"),
    ],
)
def test_names(name, header):
    assert disposition(name).startswith(header)


@given(st.text())
def test_no_name_breaks_out(name):
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    start, plain, extended = header.split('"')
    assert start == "attachment; filename="
    assert plain.strip(" .")
    assert extended.startswith("; filename*=UTF-8''")
    assert not set(unquote(extended)) & set('/\\"\r\n\0\u202e')
