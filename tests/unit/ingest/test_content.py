from __future__ import annotations

import pytest

from ingest.content import content_of
from ingest.limits import DEFAULT_LIMITS
from rag.errors import UnknownFormat


def test_the_bytes_of_a_file_may_lie_elsewhere(tmp_path) -> None:
    (tmp_path / "0af3").write_bytes(b"words")
    elsewhere = tmp_path / "0af3"
    assert content_of(tmp_path / "notes.txt", DEFAULT_LIMITS, follow=False, content=elsewhere) == b"words"
    with pytest.raises(UnknownFormat, match=r"notes\.zzz"):
        content_of(tmp_path / "notes.zzz", DEFAULT_LIMITS, content=elsewhere)
