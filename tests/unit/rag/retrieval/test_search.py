"""A question to its evidence: passages put in order by their sentences, follow-ups, scores."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import put

from rag.evidence import spans_of
from rag.retrieval.confidence import REFUSE_BELOW
from rag.retrieval.followup import FollowUp
from rag.retrieval.retrieve import Query, candidates
from rag.retrieval.search import LEAST_RERANKED, MOST_RERANKED, RERANKED, Evidence, completed, find, search

ZOO = """The zebra came by train. It drank. It slept.
The minister spoke about money and the embassy.
The plane landed at noon.
The moon rose over the river.
Oil is cheap."""


class TestFind:
    def test_a_sentence_that_answers_moves_its_passage(self, library, embedder) -> None:
        scattered, together = "A zebra slept. The moon rose.", "The zebra saw the moon. Oil."
        put(library, "a", f"{scattered}\n{together}\nThe river froze.", embedder)
        question = "Did the zebra see the moon?"
        [vector] = embedder.embed([question])
        before = candidates(library, [Query(question, vector)], 3)
        after = find(library, embedder, FollowUp(question), 3).passages
        assert [each.text for each in before][:2] == [scattered, together]
        assert [each.text for each in after][:2] == [together, scattered]

    def test_the_sentences_are_those_of_the_passages_in_order(self, library, embedder) -> None:
        put(library, "a", ZOO, embedder)
        found = find(library, embedder, FollowUp("When did the zebra come?"), 2)
        assert len(found.passages) == 2
        assert found.spans == spans_of(found.passages, {})
        assert [span.text for span in found.spans][:3] == [
            "The zebra came by train.",
            "It drank.",
            "It slept.",
        ]
        expected = embedder.embed([span.text for span in found.spans])
        np.testing.assert_allclose(np.stack([each.whole for each in found.tokens]), expected)

    def test_a_follow_up_finds_what_the_question_alone_misses(self, library, embedder) -> None:
        for n in range(6):
            put(library, f"d{n}", f"Number {n} came at {n}.", embedder)
        put(library, "zoo", ZOO, embedder)
        alone = find(library, embedder, FollowUp("When did it come?"), 1)
        both = find(library, embedder, FollowUp("When did it come?", "When did it come? zebra", 1.0), 1)
        assert "zebra" not in alone.passages[0].text
        assert both.passages[0].text.startswith("The zebra came by train.")

    def test_the_question_of_a_follow_up_keeps_its_words_and_leans_on_the_conversation(
        self, library, embedder
    ) -> None:
        put(library, "zoo", ZOO, embedder)
        follow_up = FollowUp("Did it see the moon?", "Did it see the moon? zebra", 1 / 3)
        question = find(library, embedder, follow_up, 2).question
        alone, query = embedder.embed([follow_up.question, follow_up.query])
        expected = (alone + query / 3) / np.linalg.norm(alone + query / 3)
        assert (question.text, set(question.weights)) == ("Did it see the moon?", {"see", "moon"})
        np.testing.assert_allclose(question.vector, expected, atol=1e-6)
        np.testing.assert_allclose(question.tokens.whole, alone)

    def test_nothing_is_searched_beside_a_question_that_stands_alone(self, library, embedder) -> None:
        put(library, "zoo", ZOO, embedder)
        embedder.texts.clear()
        found = find(library, embedder, FollowUp("Who is cheap?"), 2)
        assert embedder.texts[0] == "Who is cheap?"
        assert len(embedder.texts) >= 1 + len(found.spans)
        assert "" not in embedder.texts

    @pytest.mark.parametrize("k", [1, 2, 5, 9])
    def test_scores_are_within_their_bounds_and_fall(self, library, embedder, k: int) -> None:
        put(library, "zoo", ZOO, embedder)
        found = find(library, embedder, FollowUp("Did it see the moon?", "the moon zebra", 1.0), k)
        scores = [each.score for each in found.passages]
        assert len(scores) == min(k, 5)
        assert all(0 <= score <= 1 + 1e-6 for score in scores)
        assert scores == sorted(scores, reverse=True)

    def test_beyond_the_depth_the_order_stays(self, library, embedder) -> None:
        lines = [f"Zebra number {n} drank {'oil ' * (n % 7)}at place{n} once." for n in range(40)]
        put(library, "a", "\n".join(lines), embedder)
        question = "Which zebra drank at place33?"
        [vector] = embedder.embed([question])
        before = candidates(library, [Query(question, vector)], 35)
        found = find(library, embedder, FollowUp(question), 35)
        assert len(before) == len(found.passages) == 35
        assert {each.id for each in found.passages[:MOST_RERANKED]} == {
            each.id for each in before[:MOST_RERANKED]
        }
        assert [each.id for each in found.passages[MOST_RERANKED:]] == [
            each.id for each in before[MOST_RERANKED:]
        ]
        assert {span.passage.id for span in found.spans} == {
            each.id for each in found.passages[:MOST_RERANKED]
        }

    @pytest.mark.parametrize(
        ("k", "depth"), [(1, LEAST_RERANKED), (8, RERANKED * 8), (20, MOST_RERANKED)], ids=str
    )
    def test_only_so_many_passages_are_looked_at(self, library, embedder, k: int, depth: int) -> None:
        put(library, "a", "\n".join(f"Zebra number {n} drank." for n in range(40)), embedder)
        embedder.texts.clear()
        found = find(library, embedder, FollowUp("Which zebra drank?"), k)
        assert len(found.passages) == k
        assert len(embedder.texts) == 1 + depth
        assert len(found.candidates) == depth

    def test_what_was_looked_at_is_told(self, library, embedder) -> None:
        copied = "The zebra of Arden drank from the wide river in the morning"
        put(library, "a", f"{copied}.\nThe moon rose.\nThe zebra slept.", embedder)
        put(library, "b", f"{copied}!", embedder)
        found = find(library, embedder, FollowUp("Who drank?", "", 0.0), 1)
        [best, *others] = found.candidates
        assert (best.passage_id, best.score) == (found.passages[0].id, found.passages[0].score)
        assert best.dropped is None
        assert all(each.dropped for each in others)
        [copy] = [each for each in others if "better passage" in (each.dropped or "")]
        assert copy.title != best.title
        assert copy.dropped == f"says what a better passage of {best.title} says"
        assert {each.dropped for each in others if each is not copy} == {"not among the 1 best"}
        assert len({each.passage_id for each in found.candidates}) == len(found.candidates) == 4

    def test_the_parts_of_a_question_are_searched_each_for_itself(self, library, embedder) -> None:
        put(library, "zoo", ZOO, embedder)
        embedder.texts.clear()
        find(library, embedder, FollowUp("Did the zebra come by train, while oil money stayed away?"), 2)
        assert embedder.texts[1:3] == ["Did the zebra come by train", "oil money stayed away"]


class TestSearch:
    def test_evidence_holds_together(self, library, embedder) -> None:
        put(library, "zoo", ZOO, embedder)
        found = search(library, embedder, FollowUp("When did the zebra come by train?"), 3)
        assert found.question == "When did the zebra come by train?"
        assert len(found.tokens) == len(found.spans)
        assert {each.span for each in found.ranked} == set(found.spans)
        assert sum(each.score for each in found.ranked) == pytest.approx(1, abs=1e-5)
        assert found.enough
        assert found.quotes[0].quote == "The zebra came by train."
        for quote in found.quotes:
            assert library.text(quote.document_id)[quote.start : quote.end] == quote.quote

    def test_too_little_evidence_has_no_quotes(self, library, embedder) -> None:
        put(library, "a", "The embassy reopened.\nThe minister spoke about oil.", embedder)
        found = search(library, embedder, FollowUp("Which moons does Kurabar have?"), 3)
        assert found.confidence < REFUSE_BELOW
        assert (found.enough, found.quotes) == (False, ())
        assert found.passages

    @pytest.mark.parametrize("text", ["----", "# - ~\n***"])
    def test_passages_without_a_sentence_are_no_evidence(self, library, embedder, text: str) -> None:
        put(library, "a", text, embedder)
        found = search(library, embedder, FollowUp("What is it?"), 3)
        assert (found.spans, found.ranked, found.quotes, found.confidence) == ([], [], (), 0.0)
        assert found.tokens == []
        assert found.passages


class TestCompleted:
    LONG = "The minister spoke at length about money and of oil, and the embassy wrote it down at noon. "

    def searched(self, library, embedder, *texts: str) -> Evidence:
        for n, text in enumerate(texts):
            put(library, f"d{n}", text, embedder)
        return search(library, embedder, FollowUp("Did the zebra drink?"), 2)

    def test_all_sentences_are_looked_at_in_the_order_of_the_passages(self, library, embedder) -> None:
        found = self.searched(library, embedder, f"{self.LONG * 20}The zebra drank.", self.LONG * 3)
        whole = completed(found, embedder)
        assert found.others
        assert not whole.others
        assert whole.spans == spans_of(whole.passages, {})
        assert {each.span for each in whole.ranked} == set(whole.spans)
        assert [each.tokens for each in whole.tokens] == [
            each.tokens for each in embedder.embed_tokens([span.text for span in whole.spans])
        ]

    def test_what_was_shown_stays(self, library, embedder) -> None:
        found = self.searched(library, embedder, f"{self.LONG * 20}The zebra drank.", self.LONG * 3)
        whole = completed(found, embedder)
        assert (whole.quotes, whole.confidence) == (found.quotes, found.confidence)
        assert whole.ranked[0].span == found.ranked[0].span

    def test_where_all_were_looked_at_nothing_changes(self, library, embedder) -> None:
        found = self.searched(library, embedder, "The zebra drank. It slept.")
        assert completed(found, embedder) is found
