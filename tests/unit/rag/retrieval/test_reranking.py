"""Passages put in order by their sentences, and the sentences that are looked at for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import AngleEmbedder
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence import spans_of
from rag.question import Question, idf
from rag.retrieval.reranking import CHARS, LEAST, likely, rerank
from rag.types import FoundPassage


def passage(name: str, text: str, score: float) -> FoundPassage:
    return FoundPassage(name, "d", text, 0, len(text), score=score)


def asked(question: str) -> Question:
    [seen] = AngleEmbedder().embed_tokens([question])
    return Question(question, idf(question, {}, 10), seen.whole, seen)


def reranked(question: str, *passages: FoundPassage, looked_at: int | None = None) -> list[FoundPassage]:
    spans = spans_of(passages[:looked_at], {})
    seen = dict(enumerate(AngleEmbedder().embed_tokens([span.text for span in spans])))
    return rerank(passages, spans, seen, asked(question))


def order(passages) -> str:
    return "".join(each.id for each in passages)


class TestRerank:
    FAR = passage("f", "The minister has money. Oil is money.", 0.9)
    NEAR = passage("n", "The moon rose. The embassy has oil. A zebra drank from the river.", 0.8)

    def test_a_passage_moves_up_for_one_sentence_that_answers(self) -> None:
        assert order(reranked("Did the zebra drink?", self.FAR, self.NEAR)) == "nf"
        assert order(reranked("Has the minister money?", self.FAR, self.NEAR)) == "fn"

    def test_the_words_of_the_question_count_beside_the_nearest_sentence(self) -> None:
        one, other = passage("a", "Zebra one.", 0.5), passage("b", "Zebra Kurabar.", 0.49)
        assert order(reranked("Zebra Kurabar?", one, other)) == "ba"

    def test_a_passage_that_was_found_far_better_stays_first(self) -> None:
        assert order(reranked("Did the zebra drink?", replace(self.FAR, score=1.0), self.NEAR)) == "nf"
        assert order(reranked("Did the zebra drink?", self.FAR, replace(self.NEAR, score=0.1))) == "fn"

    def test_equal_passages_keep_their_order(self) -> None:
        same = [passage(name, "The zebra drank.", 0.5) for name in "cab"]
        found = reranked("Did the zebra drink?", *same)
        assert order(found) == "cab"
        assert len({each.score for each in found}) == 1

    def test_passages_not_looked_at_come_after_in_their_order(self) -> None:
        rest = [passage(str(n), "The zebra drank.", 0.7 - n / 10) for n in range(3)]
        assert order(reranked("Did the zebra drink?", self.FAR, self.NEAR, *rest, looked_at=2)) == "nf012"

    def test_a_passage_of_headings_alone_comes_last(self) -> None:
        heading = replace(passage("h", "# Zebras", 1.0), headings=("Zebras",))
        assert order(reranked("Did the zebra drink?", heading, self.FAR, self.NEAR)) == "nfh"

    def test_the_best_in_everything_has_the_whole_score(self) -> None:
        [only] = reranked("Did the zebra drink?", passage("a", "The zebra drank.", 1.0))
        assert only.score == pytest.approx(1)

    def test_nothing_is_nothing(self) -> None:
        assert reranked("Did the zebra drink?") == []

    @given(
        st.lists(st.tuples(st.text("abz moon oil.\n", max_size=30), st.floats(0, 1)), max_size=8),
        st.integers(0, 8),
    )
    def test_scores_stay_within_their_bounds_and_nothing_is_lost(self, found, looked_at: int) -> None:
        passages = [passage(str(n), f"Zebra {text}", score) for n, (text, score) in enumerate(found)]
        best = reranked("Which zebra saw the moon?", *passages, looked_at=looked_at)
        assert sorted(order(best)) == sorted(order(passages))
        assert all(0 <= each.score <= 1 + 1e-6 for each in best)
        first = [each.score for each in best[:looked_at]]
        assert first == sorted(first, reverse=True)
        assert {each.id for each in best[:looked_at]} == {each.id for each in passages[:looked_at]}


class TestLikely:
    LONG = "The minister spoke at length of nothing that matters here, and then of it once more. "

    def looked_at(self, question: str, *passages: FoundPassage) -> list[str]:
        spans = spans_of(passages, {})
        return [spans[place].text for place in likely(spans, asked(question))]

    def test_of_few_sentences_all_are_looked_at(self) -> None:
        few = passage("a", "It drank. " * LEAST, 0.5)
        assert len(self.looked_at("Where is the zebra?", few)) == LEAST

    def test_of_many_those_with_the_words_of_the_question_are(self) -> None:
        many = passage("a", self.LONG * 20 + "The zebra drank. " + self.LONG * 20, 0.5)
        seen = self.looked_at("Did the zebra drink?", many)
        assert "The zebra drank." in [text.strip() for text in seen]
        assert len(seen) == LEAST

    def test_those_of_the_best_passages_are(self) -> None:
        places = [passage(str(n), self.LONG * 9, 1 - n / 20) for n in range(15)]
        spans = spans_of(places, {})
        seen = {spans[place].passage.id for place in likely(spans, asked("Did the zebra drink?"))}
        assert seen == {str(n) for n in range(len(seen))}
        assert 1 < len(seen) < 15

    @given(st.lists(st.lists(st.integers(1, 400), max_size=9), max_size=15))
    def test_they_keep_their_order_and_are_no_longer_than_they_may_be(self, lengths) -> None:
        places = [
            passage(str(n), " ".join(f"{'a' * size}." for size in each), n / 20)
            for n, each in enumerate(lengths)
        ]
        spans = spans_of(places, {})
        seen = likely(spans, asked("Did the zebra drink?"))
        assert seen == sorted(set(seen))
        assert len(seen) >= min(LEAST, len(spans))
        read = sum(len(spans[place].text) for place in seen)
        assert len(seen) <= LEAST or read <= CHARS * len({span.passage.id for span in spans})
