from __future__ import annotations

import pytest

from rag.types import Citation, Sentence
from ui.verdicts import verdict_of

SOURCE = Citation("p", "d", "file:///d", "Log", None, 0, 1, "x")


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        pytest.param(Sentence("So.", (SOURCE,), "supported"), "", id="supported"),
        pytest.param(Sentence("So.", (SOURCE,), "partly"), "only partly in the source", id="partly"),
        pytest.param(Sentence("So."), "no source found", id="nothing is missing but a source"),
        pytest.param(
            Sentence("Everyone in Madrid paid 5,000 euros.", missing=("everyon", "madrid", "5000")),
            "“Everyone”, “Madrid”, “5,000”: not in any source",
            id="words as they were written",
        ),
        pytest.param(
            Sentence("On 3 May.", (SOURCE,), "unsupported", missing=("3", "may")),
            "“3”, “May”: not in the source",
            id="not in the source that is cited",
        ),
        pytest.param(
            Sentence("A B C D.", missing=("a", "b", "c", "d")),
            "“A”, “B”, “C” and more: not in any source",
            id="only so many are named",
        ),
        pytest.param(
            Sentence("So.", missing=("year:1999",)), "“year:1999”: not in any source", id="not a word"
        ),
    ],
)
def test_why_a_sentence_is_not_supported(sentence: Sentence, words: str) -> None:
    assert verdict_of(sentence) == words
