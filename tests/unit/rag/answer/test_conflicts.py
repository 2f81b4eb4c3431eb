"""Sources that disagree: who is suspected, what counts as another answer, and what the reader is told."""

from __future__ import annotations

import pytest
from fakes import AngleEmbedder
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.conflicts import ASKED_AT_MOST, conflict_sentence, conflicts, is_value, suspects
from rag.evidence import RankedSpan, Span, spans_of
from rag.question import Question, idf
from rag.text.words import stem_set
from rag.types import FoundPassage, Sentence

QUESTION = "When did the embassy in Arden reopen?"
ANSWER = "The embassy in Arden reopened in May."
OTHER = "The embassy in Arden reopened in June."


def asked(text: str = QUESTION) -> Question:
    [seen] = AngleEmbedder().embed_tokens([text])
    return Question(text, idf(text, {}, 10), seen.whole, seen)


def span(document: str, text: str, title: str = "") -> Span:
    place = FoundPassage(f"p-{document}", document, text, 0, len(text), title=title or document.title())
    [only] = spans_of([place], {})
    return only


def ranked(*spans: Span) -> list[RankedSpan]:
    return [RankedSpan(each, 0.1, 0.7, 0.5) for each in spans]


def said(text: str, *cited: Span, support="supported") -> Sentence:
    return Sentence(text, tuple(each.citation() for each in cited), support, 0.9)


class Says:
    """Answers each call with the next of its values; fails when asked more often."""

    def __init__(self, *values: str) -> None:
        self.values = list(values)
        self.asked: list[str] = []

    def __call__(self, messages, pieces: int) -> str:
        self.asked.append(messages[-1][1])
        return self.values.pop(0)


NEWS, BLOG = span("news", ANSWER), span("blog", OTHER)


class TestConflicts:
    def test_another_document_with_another_answer_is_told(self) -> None:
        says = Says(" June. ")
        [found] = conflicts([said(ANSWER, NEWS)], ranked(NEWS, BLOG), asked(), says)
        assert (found.value, found.other, found.against) == ("June", BLOG.citation(), NEWS.citation())
        assert found.citations == (NEWS.citation(), BLOG.citation())

    @pytest.mark.parametrize(
        "sentence",
        [
            pytest.param(said(ANSWER, NEWS, support="partly"), id="partly supported"),
            pytest.param(said(ANSWER, NEWS, BLOG), id="cited beside the source that it contradicts"),
        ],
    )
    def test_every_answer_with_a_source_can_be_contradicted(self, sentence: Sentence) -> None:
        [found] = conflicts([sentence], ranked(NEWS, BLOG), asked(), Says("June"))
        assert (found.other, found.against) == (BLOG.citation(), NEWS.citation())

    def test_in_a_small_library_common_words_count_like_rare_ones(self) -> None:
        everywhere = {word: 3 for word in ("embassy", "arden", "reopen")}
        [seen] = AngleEmbedder().embed_tokens([QUESTION])
        small = Question(QUESTION, idf(QUESTION, everywhere, 3), seen.whole, seen)
        [found] = conflicts([said(ANSWER, NEWS)], ranked(NEWS, BLOG), small, Says("June"))
        assert found.value == "June"

    @pytest.mark.parametrize(
        ("answer", "value"),
        [
            pytest.param("in May", "18", id="a number for a name"),
            pytest.param("18 May", "June", id="a name for a number"),
        ],
    )
    def test_a_number_and_a_name_do_not_contradict(self, answer: str, value: str) -> None:
        one = span("one", f"The embassy in Arden reopened {answer}.")
        two = span("two", f"The embassy in Arden reopened for {value}.")
        found = conflicts([said(one.text, one)], ranked(one, two), asked(), Says(value))
        assert list(found) == []

    def test_the_model_is_shown_that_sentence_alone(self) -> None:
        says = Says("June")
        list(conflicts([said(ANSWER, NEWS)], ranked(NEWS, BLOG), asked(), says))
        [prompt] = says.asked
        assert OTHER in prompt
        assert ANSWER not in prompt
        assert prompt.endswith(f"Question: {QUESTION}\nAnswer in one to five words:")

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param("July", id="stands nowhere"),
            pytest.param("May", id="the answer itself"),
            pytest.param("in June, not May", id="partly in the sentence"),
            pytest.param("", id="nothing"),
            pytest.param(" . ", id="no word"),
            pytest.param("the embassy", id="the question's words"),
            pytest.param("No", id="a word without meaning"),
            pytest.param("Not mentioned", id="declines"),
            pytest.param("June is not specified", id="declines with a value"),
            pytest.param("the second week of June", id="more than the sentence says"),
        ],
    )
    def test_other_words_of_the_model_count_for_nothing(self, value: str) -> None:
        says = Says(value)
        assert list(conflicts([said(ANSWER, NEWS)], ranked(NEWS, BLOG), asked(), says)) == []
        assert len(says.asked) == 1

    @pytest.mark.parametrize(
        ("sentences", "spans"),
        [
            pytest.param([said(ANSWER, NEWS)], [NEWS], id="no other document"),
            pytest.param(
                [said(ANSWER, NEWS)], [NEWS, span("copy", f"Early: {ANSWER}")], id="the other says the same"
            ),
            pytest.param(
                [said(ANSWER, NEWS)], [NEWS, span("far", "Zebras came in June.")], id="of something else"
            ),
            pytest.param([], [NEWS, BLOG], id="nothing said"),
            pytest.param([said(ANSWER, support="unsupported")], [NEWS, BLOG], id="unsupported"),
            pytest.param([said(ANSWER)], [NEWS, BLOG], id="without a citation"),
            pytest.param(
                [said("The month in May is not mentioned.", NEWS)], [NEWS, BLOG], id="the answer declines"
            ),
            pytest.param(
                [said("The embassy in Arden reopened.", NEWS)], [NEWS, BLOG], id="the answer adds nothing"
            ),
            pytest.param([said(ANSWER, NEWS)], [], id="no evidence"),
        ],
    )
    def test_where_nothing_is_suspected_no_model_is_asked(self, sentences, spans) -> None:
        says = Says()
        assert list(conflicts(sentences, ranked(*spans), asked(), says)) == []
        assert says.asked == []

    @pytest.mark.parametrize(
        ("answer", "other", "value"),
        [
            pytest.param("Seven planes.", "Planes at Arden: 7.", "7", id="word and digits"),
            pytest.param("7 planes.", "Planes at Arden: seven.", "seven", id="digits and word"),
            pytest.param("1,200 planes.", "Planes at Arden: 1200.", "1200", id="thousands"),
            pytest.param("4.50 planes.", "Planes at Arden: 4.5.", "4.5", id="decimals"),
        ],
    )
    def test_a_number_written_otherwise_is_the_same_number(self, answer: str, other: str, value: str) -> None:
        one, two = span("one", f"At Arden: {answer}"), span("two", other)
        question = asked("What planes are at Arden?")
        says = Says(value)
        assert list(conflicts([said(answer, one)], ranked(one, two), question, says)) == []
        assert says.asked == []

    def test_another_number_is_another_answer(self) -> None:
        one, two = span("one", "At Arden: Seven planes."), span("two", "Planes at Arden: 1,900.")
        question = asked("What planes are at Arden?")
        [found] = conflicts([said("Seven planes.", one)], ranked(one, two), question, Says("1900"))
        assert found.value == "1900"

    @pytest.mark.parametrize(
        ("own", "other"),
        [
            pytest.param("1748", "the 1740s", id="a decade and its year"),
            pytest.param("the 1740s", "1748", id="a year and its decade"),
            pytest.param("the 1700's", "1748", id="a year and its century"),
        ],
    )
    def test_a_year_does_not_contradict_its_decade(self, own: str, other: str) -> None:
        one, two = (
            span("one", f"The embassy in Arden reopened in {own}."),
            span("two", f"It was in {other}.", QUESTION),
        )
        assert list(conflicts([said(one.text, one)], ranked(one, two), asked(), Says(other))) == []

    def test_a_year_contradicts_another_decade(self) -> None:
        one, two = (
            span("one", "The embassy in Arden reopened in 1751."),
            span("two", "In the 1740s.", QUESTION),
        )
        [found] = conflicts([said(one.text, one)], ranked(one, two), asked(), Says("1740s"))
        assert found.value == "1740s"

    def test_a_whole_sentence_of_the_model_counts_by_what_it_adds(self) -> None:
        [found] = conflicts([said(ANSWER, NEWS)], ranked(NEWS, BLOG), asked(), Says(OTHER))
        assert found.value == OTHER.strip(".")

    def test_words_that_the_quoted_source_holds_too_are_no_conflict(self) -> None:
        news = span("news", "The embassy in Arden reopened in May, after works in June.")
        says = Says("June")
        assert list(conflicts([said(ANSWER, news)], ranked(news, BLOG), asked(), says)) == []

    def test_every_document_that_disagrees_is_told_up_to_a_limit(self) -> None:
        others = [span(name, OTHER.replace("June", name)) for name in ("Monday", "Tuesday", "Friday")]
        says = Says("Monday", "Tuesday")
        found = list(conflicts([said(ANSWER, NEWS)], ranked(NEWS, *others), asked(), says))
        assert [each.value for each in found] == ["Monday", "Tuesday"]
        assert len(says.asked) == ASKED_AT_MOST

    def test_the_next_is_asked_after_one_that_comes_to_nothing(self) -> None:
        others = [span(name, OTHER.replace("June", name)) for name in ("Monday", "Tuesday")]
        found = conflicts(
            [said(ANSWER, NEWS)], ranked(NEWS, *others), asked(), Says("Not mentioned", "Tuesday")
        )
        assert [each.other.document_id for each in found] == ["Tuesday"]


OWN = frozenset(["may"])


class TestSuspects:
    def test_one_sentence_a_document_the_best_first(self) -> None:
        first, second = span("blog", OTHER), span("blog", OTHER.replace("June", "July"))
        assert suspects(ranked(first, second), asked(), OWN, set()) == [first]

    def test_the_title_says_what_a_sentence_is_about(self) -> None:
        short = span("minutes", "It reopened in June.", "The embassy in Arden")
        assert suspects(ranked(short), asked(), OWN, set()) == [short]
        assert suspects(ranked(span("minutes", "It reopened in June.")), asked(), OWN, set()) == []

    @pytest.mark.parametrize(
        ("score", "cosine", "suspected"),
        [
            pytest.param(0.01, 0.7, True, id="near the question"),
            pytest.param(0.5, 0.4, True, id="likely the answer"),
            pytest.param(0.01, 0.4, False, id="neither"),
        ],
    )
    def test_a_sentence_must_be_near_the_question_or_likely_its_answer(
        self, score: float, cosine: float, suspected: bool
    ) -> None:
        assert bool(suspects([RankedSpan(BLOG, score, cosine, 0.5)], asked(), OWN, set())) is suspected

    @given(st.sets(st.sampled_from(["a", "b", "c", "d"])), st.permutations(["a", "b", "c", "d"]))
    def test_never_from_a_document_of_the_answer(self, cited: set[str], order: list[str]) -> None:
        found = suspects(ranked(*(span(each, OTHER) for each in order)), asked(), OWN, cited)
        left = [each for each in order if each not in cited]
        assert [each.document_id for each in found] == left[:ASKED_AT_MOST]


DAYS = "Monday Tuesday Wednesday Thursday Friday"


@pytest.mark.parametrize(
    ("value", "added", "expected"),
    [
        pytest.param("June", {"june"}, True, id="stands there"),
        pytest.param("July", {"juli"}, False, id="does not"),
        pytest.param("embassy", set(), False, id="adds nothing"),
        pytest.param("June not specified", {"june"}, False, id="declines"),
        pytest.param(DAYS.rpartition(" ")[0], stem_set(DAYS.rpartition(" ")[0]), True, id="four words"),
        pytest.param(DAYS, stem_set(DAYS), False, id="five words"),
    ],
)
def test_what_is_a_value(value: str, added: set[str], expected: bool) -> None:
    assert is_value(value, frozenset(added), span("week", f"In June, on {DAYS}.")) is expected


def test_the_reader_is_told_with_both_sources() -> None:
    [found] = conflicts([said(ANSWER, NEWS)], ranked(NEWS, BLOG), asked(), Says("June"))
    told = conflict_sentence(found)
    assert told.text == "“Blog” gives a different answer: June."
    assert told.citations == (BLOG.citation(), NEWS.citation())
    assert (told.support, told.score, told.missing) == ("supported", 1.0, ())
