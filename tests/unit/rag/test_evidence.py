import numpy as np
import pytest

from rag.confidence import confidence
from rag.evidence import Span, idf, key_quotes, rank, share, spans_of
from rag.types import FoundPassage

TEXT = "The base reopened in May. Flights resumed on 24 October. Cargo came from Libya."


def passage(text: str, start: int = 0, score: float = 1.0, **facts) -> FoundPassage:
    return FoundPassage(
        id=f"{text}@{start}",
        document_id="d",
        text=text,
        start=start,
        end=start + len(text),
        score=score,
        **facts,
    )


def ranked(question: str, passages: list[FoundPassage], cosines: list[float]):
    spans = spans_of(passages, {})
    vectors = np.array([[c, np.sqrt(1 - c * c)] for c in cosines], np.float32)
    return rank(spans, np.array([1, 0], np.float32), vectors, idf(question, {}, 10))


def test_spans_point_into_the_document() -> None:
    document = "Before. " + TEXT
    spans = spans_of([passage(TEXT, start=8)], {})
    assert [document[s.start : s.end] for s in spans] == [s.text for s in spans]
    assert [s.text for s in spans][1] == "Flights resumed on 24 October."


def test_a_span_has_the_page_on_which_it_begins() -> None:
    starts = (0, TEXT.index("Flights"), 500)
    spans = spans_of([passage(TEXT, page=1)], {"d": starts})
    assert [span.page for span in spans] == [1, 2, 2]


@pytest.mark.parametrize("heading", ["Flights", "## Flights", "Flights\n======="])
def test_headings_are_not_quotes(heading: str) -> None:
    spans = spans_of([passage(f"{heading}\n\nThey resumed.", headings=("Flights",))], {})
    assert [span.text for span in spans] == ["They resumed."]


def test_rare_words_of_the_question_weigh_more() -> None:
    weights = idf("Kurabar flights", {"kurabar": 1, "flights": 9}, 10)
    assert weights["kurabar"] > weights["flight"]
    assert share("Kurabar is far.", weights) > share("Flights are short.", weights)
    assert share("Flights to Kurabar", weights) == 1.0
    assert share("Nothing", weights) == 0.0


def test_each_score_can_decide() -> None:
    same = [0.5, 0.5, 0.5]
    assert ranked("When did flights resume?", [passage(TEXT)], same)[0].span.text.startswith("Flights")
    assert ranked("Why?", [passage(TEXT)], [0.1, 0.2, 0.9])[0].span.text.startswith("Cargo")
    two = [passage("One thing.", 0, 0.2), passage("Two things.", 50, 0.9)]
    assert ranked("Why?", two, [0.5, 0.5])[0].span.text == "Two things."


def test_there_is_nothing_to_rank() -> None:
    assert rank([], np.array([1.0], np.float32), np.empty((0, 1), np.float32), {}) == []
    assert confidence([], {}) == 0.0


def test_key_quotes_are_the_best_and_near_to_it() -> None:
    quotes = key_quotes(ranked("When did flights resume?", [passage(TEXT)], [0.1, 0.9, 0.1]))
    assert [quote.text for quote in quotes] == ["Flights resumed on 24 October."]


def test_at_most_three_key_quotes_and_none_twice() -> None:
    many = [passage(f"Flights resumed in the year {i}.", i * 100) for i in range(5)]
    many.insert(1, passage("Flights resumed, in the year 0!", 900))
    quotes = key_quotes(ranked("When did flights resume?", many, [0.5] * 6))
    assert len(quotes) == 3
    assert len({quote.text for quote in quotes}) == 3
    assert "Flights resumed, in the year 0!" not in [quote.text for quote in quotes[1:]]


def test_quotes_become_citations_with_their_place() -> None:
    place = passage(TEXT, 8, uri="file:///a.txt", title="A")
    citation = Span(place, 8, 33, 2).citation()
    assert (citation.quote, citation.page, citation.uri) == ("The base reopened in May.", 2, "file:///a.txt")


def test_confidence_grows_with_each_kind_of_evidence() -> None:
    question = "When did flights resume?"
    weights = idf(question, {}, 10)

    def sure(text: str, sentence: float, whole: float) -> float:
        return confidence(ranked(question, [passage(text, cosine=whole)], [sentence]), weights)

    low, high = sure("Cats sleep.", 0.1, 0.1), sure("Flights resumed.", 0.8, 0.7)
    assert 0.0 < low < 0.05
    assert 0.95 < high < 1.0
    assert low < sure("Flights resumed.", 0.1, 0.1)
    assert low < sure("Cats sleep.", 0.1, 0.5)
    assert low < sure("Cats sleep.", 0.5, 0.1)
