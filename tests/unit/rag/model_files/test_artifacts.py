from __future__ import annotations

import pytest

from rag.model_files.artifacts import EMBEDDER, LLM, LLM_SMALL, Artifact
from rag.model_files.wheels import Wheels


@pytest.mark.parametrize("known", [EMBEDDER, LLM, LLM_SMALL], ids=lambda a: a.name)
def test_the_table_is_whole(known: Artifact) -> None:
    assert known.licence == "Apache-2.0"
    assert len({file.name for file in known.files}) == len(known.files)
    for file in known.files:
        assert len(bytes.fromhex(file.sha256)) == 32
        for place in known.places:
            if isinstance(place, Wheels):
                pieces = [
                    piece for wheel in place.wheels for piece in wheel.pieces if piece.file == file.name
                ]
                ends = [piece.offset + piece.size for piece in pieces]
                assert [piece.offset for piece in pieces] == [0, *ends[:-1]]
                assert ends[-1] == file.size
