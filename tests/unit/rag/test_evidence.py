from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence import MAX_QUOTES, SURE, RankedSpan, Span, key_quotes, spans_of
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


def ranked(*chances: float, texts: Sequence[str] = ()) -> list[RankedSpan]:
    texts = texts or [f"Flights resumed in the year {i}." for i in range(len(chances))]
    places = [passage(text, i * 100) for i, text in enumerate(texts)]
    spans = spans_of(places, {})
    return [RankedSpan(span, chance, 0.5, 0.5) for span, chance in zip(spans, chances, strict=True)]


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


@pytest.mark.parametrize(
    ("chances", "n"),
    [
        pytest.param([], 0, id="nothing found"),
        pytest.param([1.0], 1, id="one sentence"),
        pytest.param([0.99, 0.01], 1, id="the best is sure"),
        pytest.param([SURE, 0.01, 0.01], 1, id="just sure"),
        pytest.param([0.7, 0.29, 0.01], 2, id="two are sure together"),
        pytest.param([0.4, 0.3, 0.2, 0.1], 3, id="three at most"),
    ],
)
def test_key_quotes_are_the_best_until_one_of_them_surely_answers(chances: list[float], n: int) -> None:
    found = ranked(*chances)
    assert key_quotes(found) == [each.span for each in found[:n]]


def test_no_key_quote_repeats_anothers_words() -> None:
    found = ranked(
        0.4, 0.3, 0.2, 0.1, texts=["It flew in May.", "In May, it flew!", "It flew in June.", "It fell."]
    )
    assert [quote.text for quote in key_quotes(found)] == ["It flew in May.", "It flew in June.", "It fell."]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 1)), max_size=8))
def test_key_quotes_are_few_distinct_and_in_order(found: list[tuple[str, float]]) -> None:
    chances = sorted((chance for _, chance in found), reverse=True)
    order = ranked(*chances, texts=[f"Word {letter}." for letter, _ in found])
    quotes = key_quotes(order)
    assert bool(quotes) == bool(order)
    assert len({quote.text for quote in quotes}) == len(quotes) <= MAX_QUOTES
    assert quotes == [each.span for each in order if each.span in quotes]
    assert [each.span for each in order[:1]] == quotes[:1]


def test_quotes_become_citations_with_their_place() -> None:
    place = passage(TEXT, 8, uri="file:///a.txt", title="A")
    citation = Span(place, 8, 33, 2).citation()
    assert (citation.quote, citation.page, citation.uri) == ("The base reopened in May.", 2, "file:///a.txt")
