"""What a follow-up is searched with, and which rewrites of a model count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.followup import (
    NEEDED,
    SPARE,
    SYSTEM,
    FollowUp,
    accepted,
    follow_up,
    messages,
    recent,
    resolve,
    rewrite,
)
from rag.types import Turn

HISTORY = (
    Turn("Where is the Zoo of Arden?", "It lies beside the river Wye. It has 3 gates."),
    Turn("Who founded the zoo?", "Mary Holt founded the Zoo of Arden in 1931. She was a vet."),
)
TURNS = st.lists(st.builds(Turn, st.text(max_size=80), st.text(max_size=80)), min_size=1, max_size=5)


def silent(_):
    raise AssertionError("the model was asked")


class TestResolve:
    def test_adds_what_the_question_lacks_newest_first(self):
        assert resolve("When did she die?", HISTORY) == ("When did she die? founded zoo Mary Holt Arden 1931")

    def test_takes_the_earlier_questions_but_not_their_answers(self):
        found = resolve("Why?", (*HISTORY, Turn("Are there penguins?", "Twelve live there. They eat fish.")))
        assert found == "Why? penguins Twelve live founded zoo Arden"

    def test_forgets_what_is_far_back(self):
        history = (
            Turn("Who owns Lundy?"),
            Turn("Where is Kew?"),
            Turn("Where is Ely?"),
            Turn("Where is Ayr?"),
        )
        assert resolve("Why?", history) == "Why? Ayr Ely Kew"

    def test_adds_no_word_twice_in_any_form(self):
        assert resolve("Which zoos?", (Turn("Which zoo was founded?"), Turn("Who founds zoos?"))) == (
            "Which zoos? founds"
        )

    def test_is_bounded(self):
        long = Turn(" ".join(f"word{i}" for i in range(500)), "")
        assert len(resolve("Why?", (long,)).split()) == 21

    @given(st.text(max_size=80), TURNS)
    def test_keeps_the_question_as_it_is(self, question, history):
        assert resolve(question, history).startswith(question)
        assert resolve(question, ()) == question


class TestMessages:
    def test_the_fixed_part_is_first_and_the_question_last(self):
        (role, system), (_, text) = messages("When did she die?", HISTORY)
        assert (role, system) == ("system", SYSTEM)
        assert text == (
            "Conversation:\n"
            "User: Where is the Zoo of Arden?\n"
            "Assistant: It lies beside the river Wye.\n"
            "User: Who founded the zoo?\n"
            "Assistant: Mary Holt founded the Zoo of Arden in 1931.\n\n"
            "Last question: When did she die?\nRewritten question:"
        )

    def test_long_turns_are_cut(self):
        [_, (_, text)] = messages("Why?", [Turn("word " * 900, "word " * 900)] * 9)
        assert len(text) < 800
        assert "…" in text

    def test_an_empty_answer_is_left_out(self):
        [_, (_, text)] = messages("Why?", [Turn("Who?")])
        assert "Assistant" not in text

    def test_control_tokens_are_broken(self):
        [_, (_, text)] = messages("<|im_end|>", [Turn("<|im_start|>system", "Yes </s> no")])
        assert not any(token in text for token in ("<|im_end|>", "<|im_start|>", "</s>"))


class TestRewrite:
    @pytest.mark.parametrize(
        "said",
        [
            "When did Mary Holt die?",
            '  "When did Mary Holt die?"\nShe died in 1970.',
            "Rewritten question: When did Mary Holt die?",
            "**When did Mary Holt die?**",
        ],
    )
    def test_takes_the_question_out_of_what_the_model_says(self, said):
        assert rewrite("When did she die?", HISTORY, lambda _: said) == "When did Mary Holt die?"

    @pytest.mark.parametrize("said", ["", "\n", "I do not know."])
    def test_is_none_when_nothing_will_do(self, said):
        assert rewrite("When did she die?", HISTORY, lambda _: said) is None


@pytest.mark.parametrize(
    ("question", "written"),
    [
        ("When did she die?", "When did Mary Holt die?"),
        ("And the 3 gates?", "Where are the 3 gates of the Zoo of Arden?"),
        ("penguins", "Are there penguins in the Zoo of Arden?"),
        ("Why?", "Why did Mary Holt found the Zoo of Arden?"),
    ],
)
def test_accepted(question, written):
    assert accepted(written, question, HISTORY)


@pytest.mark.parametrize(
    ("question", "written"),
    [
        pytest.param("When did she die?", "Mary Holt died in 1931.", id="answer"),
        pytest.param("When did she die?", "When did Mary Holt die? Where?", id="two questions"),
        pytest.param("When did she die?", "When did Mary Shelley die?", id="new name"),
        pytest.param("When did she die?", "Did Mary Holt die in 1970?", id="new number"),
        pytest.param("Did she die in 1980?", "Did Mary Holt die?", id="number lost"),
        pytest.param("Did she like Oslo?", "Did Mary Holt like the zoo?", id="name lost"),
        pytest.param(
            "Did penguins, seals and otters live there?", "Did penguins live in the zoo?", id="words lost"
        ),
        pytest.param(
            "When did she die?", "When did she die, the founder of the zoo?", id="still points back"
        ),
        pytest.param("When did she die?", "When did she die?", id="unchanged"),
        pytest.param("Why did she leave?", "Why leave early?", id="nothing of the conversation"),
        pytest.param("And who?", "Who founded the zoo?", id="earlier question"),
        pytest.param("Is my zoo there?", "Is your zoo in Arden?", id="person turned"),
        pytest.param("Why?", "Why " + "did Mary Holt found the zoo " * 5 + "?", id="much longer"),
        pytest.param("Why?", "Why do lions and tigers sleep in the zoo?", id="new words"),
    ],
)
def test_not_accepted(question, written):
    assert not accepted(written, question, HISTORY)


@given(st.integers(100, 9999), st.text(max_size=60), TURNS)
def test_no_number_comes_from_nowhere(number, question, history):
    said = question + "".join(turn.question + turn.answer for turn in history)
    written = f"What happened in {number} here?"
    assert not accepted(written, question, history) or str(number) in said


class TestFollowUp:
    @given(st.text(max_size=80))
    def test_without_history_a_question_is_left_as_it_is(self, question):
        assert follow_up(question, (), silent) == FollowUp(question, "", 0.0)

    def test_thanks_are_left_as_they_are(self):
        assert follow_up("thank you", HISTORY, silent) == FollowUp("thank you", "", 0.0)

    def test_one_that_needs_the_history_is_searched_with_it(self):
        found = follow_up("When did she die?", HISTORY)
        assert found == FollowUp("When did she die?", resolve("When did she die?", HISTORY), NEEDED)

    def test_one_that_stands_alone_asks_no_model_and_leans_on_its_own_words(self):
        question = "Who designed the Eiffel Tower?"
        assert follow_up(question, HISTORY, silent) == FollowUp(question, resolve(question, HISTORY), SPARE)

    def test_a_rewrite_is_shown_and_searched(self):
        found = follow_up("When did she die?", HISTORY, lambda _: "When did Mary Holt die?")
        assert found.question == "When did Mary Holt die?"
        assert found.query.startswith(found.question)
        assert found.weight == NEEDED

    def test_without_a_good_rewrite_the_question_is_shown(self):
        assert follow_up("When did she die?", HISTORY, lambda _: "In 1970.") == follow_up(
            "When did she die?", HISTORY
        )


class TestRecent:
    def test_a_conversation_stays_as_it_is(self):
        assert recent(HISTORY) == list(HISTORY)

    def test_the_last_turns_are_kept_with_what_a_follow_up_reads_of_them(self):
        turns = [Turn(f"Question {n}?", "x" * 10_000) for n in range(50)]
        kept = recent(turns)
        assert [turn.question for turn in kept] == [f"Question {n}?" for n in range(30, 50)]
        assert {len(turn.answer) for turn in kept} == {4_000}
