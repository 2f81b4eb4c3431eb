import pytest
from fakes import AngleEmbedder, put
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.writing import stands, write
from rag.question import Question
from rag.retrieval.followup import FollowUp
from rag.retrieval.search import Evidence, search
from rag.text.phrases import strip_markers
from rag.types import Sentence, SentenceChecked, TextWritten

ANSWER = "A plane came on 26 October [1]. The embassy reopened [2]. Zebras run [3]."


@pytest.fixture
def evidence(library, embedder):
    put(library, "a", "A plane came on 26 October. The embassy reopened.", embedder)
    return search(library, embedder, FollowUp("When did the plane come?"), 3)


def written(pieces, evidence, embedder) -> tuple[str, list[Sentence]]:
    events = list(write(pieces, evidence, embedder))
    text = "".join(event.text for event in events if isinstance(event, TextWritten))
    return text, [event.sentence for event in events if isinstance(event, SentenceChecked)]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_pieces_of_any_size_give_the_same_sentences(evidence, embedder, size: int) -> None:
    pieces = [ANSWER[i : i + size] for i in range(0, len(ANSWER), size)]
    text, sentences = written(pieces, evidence, embedder)
    assert text == "A plane came on 26 October. The embassy reopened. Zebras run."
    assert [s.text for s in sentences] == [
        "A plane came on 26 October.",
        "The embassy reopened.",
        "Zebras run.",
    ]
    assert [s.support for s in sentences] == ["supported", "supported", "unsupported"]


def test_a_sentence_is_checked_as_soon_as_the_next_begins(evidence, embedder) -> None:
    events = list(write(["A plane came. ", "The", " embassy reopened."], evidence, embedder))
    kinds = [type(event).__name__ for event in events]
    assert kinds.index("SentenceChecked") < len(kinds) - 1
    assert kinds[-1] == "SentenceChecked"


def test_a_model_that_says_nothing(evidence, embedder) -> None:
    assert written([], evidence, embedder) == ("", [])
    assert written(["", "  "], evidence, embedder) == ("", [])


@given(st.lists(st.text(alphabet="ab. [1]\n", max_size=8), max_size=12))
def test_what_is_shown_is_what_was_said_without_markers(pieces: list[str]) -> None:
    embedder = AngleEmbedder()
    [seen] = embedder.embed_tokens(["?"])
    nothing = Evidence(
        asked=Question("?", {}, seen.whole, seen),
        passages=(),
        spans=(),
        tokens=[],
        ranked=(),
        confidence=0.0,
        answerable=0.0,
        quotes=(),
        candidates=(),
        follow_up=FollowUp("?"),
    )
    text, sentences = written(pieces, nothing, embedder)
    said = strip_markers("".join(pieces))
    assert "".join(text.split()) == "".join(said.split())
    assert "".join("".join(s.text.split()) for s in sentences) == "".join(said.split())


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        pytest.param([], False, id="nothing"),
        pytest.param([Sentence("A.", (), "unsupported")], False, id="unsupported"),
        pytest.param(
            [Sentence("A.", (), "unsupported"), Sentence("B.", (), "partly")], True, id="one stands"
        ),
        pytest.param([Sentence("A.", (), "supported")], True, id="supported"),
        pytest.param([Sentence("The sources do not mention it.", (), "supported")], False, id="declines"),
    ],
)
def test_what_stands(sentences: list[Sentence], expected: bool) -> None:
    assert stands(sentences, 0.9, "When?") is expected


def test_weak_evidence_needs_a_sentence_that_is_carried_well() -> None:
    assert stands([Sentence("A.", (), "partly", 0.7)], 0.2, "When?")
    assert not stands([Sentence("A.", (), "partly", 0.6)], 0.2, "When?")
