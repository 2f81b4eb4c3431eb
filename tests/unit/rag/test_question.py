"""What a question asks for, and what a sentence offers it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from fakes import AngleEmbedder
from hypothesis import given
from hypothesis import strategies as st

from rag.question import LEAST_TERMS, MOST_PARTS, Question, idf, is_polar, kind, offers, parts
from rag.text.words import stem_set, terms


def asked(text: str, frequency: dict[str, int] | None = None, n_passages: int = 10) -> Question:
    [seen] = AngleEmbedder().embed_tokens([text])
    return Question(text, idf(text, frequency or {}, n_passages), seen.whole, seen)


class TestKind:
    @pytest.mark.parametrize(
        ("question", "expected"),
        [
            ("When did the base reopen?", "when"),
            ("In what year was it built?", "when"),
            ("On which day did it land?", "when"),
            ("since when", "when"),
            ("How many moons has Mars?", "how many"),
            ("How much does it cost?", "how many"),
            ("What percentage of them fled?", "how many"),
            ("Who founded the zoo?", "who"),
            ("Whose idea was it?", "who"),
            ("By whom was it written?", "who"),
            ("Where is Ely?", "where"),
            ("In which city did he die?", "where"),
            ("Through what country does it flow?", "where"),
            ("Why did it close?", "how"),
            ("How does a pump work?", "how"),
            ("What is a pump?", "what"),
            ("Name the river.", "what"),
            ("", "what"),
        ],
    )
    def test_is_told_by_the_question_word(self, question: str, expected: str) -> None:
        assert kind(question) == expected
        assert kind(question.upper()) == expected
        assert asked(question).kind == expected

    @pytest.mark.parametrize(
        ("question", "expected"),
        [
            ("Who was king when the war began?", "who"),
            ("How old was he when he moved?", "how many"),
            ("What country has a group who call themselves Huguenots?", "where"),
            ("When did the man who built it die?", "when"),
            ("How much did those who stayed earn?", "how many"),
        ],
    )
    def test_what_is_asked_first_counts(self, question: str, expected: str) -> None:
        assert kind(question) == expected

    @pytest.mark.parametrize("question", ["Are whales whole?", "Somewhere they showed it.", "Whenever"])
    def test_is_not_told_by_parts_of_words(self, question: str) -> None:
        assert kind(question) == "what"


class TestParts:
    @pytest.mark.parametrize(
        ("question", "expected"),
        [
            pytest.param(
                "Did the Arden paper praise the new bridge while the Ely paper blamed its cost?",
                ["Did the Arden paper praise the new bridge", "the Ely paper blamed its cost"],
                id="while",
            ),
            pytest.param(
                "Who built the old bridge, who paid for the new station, and where is the old port museum?",
                ["Who built the old bridge", "who paid for the new station", "where is the old port museum"],
                id="three, one after another joint",
            ),
            pytest.param(
                "Was the bridge of Arden opened before the station of Ely closed?",
                ["Was the bridge of Arden opened", "the station of Ely closed"],
                id="before",
            ),
            pytest.param("When did the plane come from Libya?", [], id="one thing"),
            pytest.param("Who built the bridges and stations?", [], id="parts of few words"),
            pytest.param("Was the old bridge of Arden opened, too?", [], id="one part of enough words"),
            pytest.param(
                "Did the oil minister pay 1,200 dollars for the old plane?", [], id="a comma in a number"
            ),
            pytest.param("Who commanded the sandy bandits of the Andes?", [], id="joints inside words"),
            pytest.param("", [], id="nothing"),
            pytest.param(", and; but?", [], id="joints alone"),
        ],
    )
    def test_are_those_of_several_things(self, question: str, expected: list[str]) -> None:
        assert parts(question) == expected

    def test_are_not_too_many(self) -> None:
        question = ", ".join(f"who built bridge{n} near river{n}" for n in range(MOST_PARTS + 3))
        assert parts(question) == question.split(", ")[:MOST_PARTS]

    @given(st.text("ab ,;?. \n", max_size=60) | st.text(max_size=60))
    def test_stand_in_the_question_and_are_several_or_none(self, question: str) -> None:
        found = parts(question)
        assert len(found) in (0, *range(2, MOST_PARTS + 1))
        assert all(part in question and len(terms(part)) >= LEAST_TERMS for part in found)


class TestPolar:
    @pytest.mark.parametrize(
        "question",
        [
            "Did the plane come from Libya?",
            "Is Ely a city?",
            "  was it open?  ",
            "Have the planes, as Ana says, landed?",
            "According to the report, did the plane land?",
            "The bridge opened in May, and does the other paper say so?",
            "Does the Arden paper praise it, while the Ely paper blames it?",
        ],
    )
    def test_asks_for_yes_or_no(self, question: str) -> None:
        assert is_polar(question)

    @pytest.mark.parametrize(
        "question",
        [
            pytest.param("Is it red or blue?", id="a choice"),
            pytest.param("Did it rain, or which storm came?", id="which"),
            pytest.param("What is it, and is it old?", id="what first"),
            pytest.param("Who was it, and did he stay?", id="who first"),
            pytest.param("Do you know when it came?", id="when inside"),
            pytest.param("Can you tell how many came?", id="how many inside"),
            pytest.param("The plane is from Libya?", id="verb inside"),
            pytest.param("Did the plane come", id="no question mark"),
            pytest.param("Island or not?", id="a verb inside a word"),
            pytest.param("", id="nothing"),
            pytest.param("?", id="a mark alone"),
        ],
    )
    def test_does_not(self, question: str) -> None:
        assert not is_polar(question)


class TestOffers:
    @pytest.mark.parametrize(
        ("text", "question", "expected"),
        [
            pytest.param("It reopened in 2015.", "When did it reopen?", 1, id="year"),
            pytest.param("It reopened in March.", "When did it reopen?", 1, id="month"),
            pytest.param("It reopened on a Monday.", "When did it reopen?", 1, id="day"),
            pytest.param("It reopened in the 1990s.", "When did it reopen?", 1, id="decade"),
            pytest.param("Two centuries ago.", "When did it reopen?", 1, id="centuries"),
            pytest.param("It reopened soon.", "When did it reopen?", 0, id="no time"),
            pytest.param("It fell in 1914.", "What fell in 1914, and when?", 0, id="time of the question"),
            pytest.param("In May (1914) it fell.", "When did what fell in 1914 rise?", 1, id="one more time"),
            pytest.param("There are 12 of them.", "How many are there?", 1, id="digits"),
            pytest.param("There are a dozen.", "How many are there?", 1, id="word"),
            pytest.param("There are some.", "How many are there?", 0, id="no amount"),
            pytest.param("Its 3 gates rise.", "How high are its 3 gates?", 0, id="amount of the question"),
            pytest.param("It was Mary who stayed.", "Who stayed?", 0.5, id="one name"),
            pytest.param("It was Mary Holt who stayed.", "Who stayed?", 1, id="two names"),
            pytest.param("So Mary, Ann and Eve stayed.", "Who stayed?", 1, id="three names"),
            pytest.param("They all stayed. They did.", "Who stayed?", 0, id="capitals of sentences"),
            pytest.param("So Mary Holt left.", "Who is Mary Holt?", 0, id="names of the question"),
            pytest.param("So McDonald left.", "Who is McDonald?", 0, id="name with two capitals"),
            pytest.param("It lies near Zürich.", "Where is it?", 0.5, id="place"),
            pytest.param("In 1914 Mary bought 12 in Libya.", "Why?", 0, id="no kind"),
            pytest.param("", "When?", 0, id="nothing"),
        ],
    )
    def test_counts_what_is_new_and_wanted(self, text: str, question: str, expected: float) -> None:
        assert offers(text, question, kind(question)) == expected

    @given(st.text(max_size=80), st.text(max_size=80))
    def test_a_question_offers_itself_nothing(self, question: str, text: str) -> None:
        for wanted in ("when", "how many", "who", "where", "how", "what"):
            assert offers(question, question, wanted) == 0
            assert 0 <= offers(text, question, wanted) <= 1


class TestShare:
    def test_a_rare_word_of_the_question_weighs_more(self) -> None:
        question = asked("Kurabar flights", {"kurabar": 1, "flights": 9})
        assert question.weights["kurabar"] > question.weights["flight"]
        assert question.share(stem_set("Kurabar is far.")) > question.share(stem_set("Flights are short."))
        assert question.share(stem_set("Flights to Kurabar")) == 1.0
        assert question.share(stem_set("Nothing")) == 0.0

    def test_words_of_the_conversation_count_where_they_are_wanted(self) -> None:
        question = replace(asked("When flights?"), context={"kurabar": 0.5, "flight": 9.0})
        both, one = stem_set("Flights to Kurabar"), stem_set("Flights")
        assert question.share_alike(both) == question.share(both) == question.share(one) == 1
        assert 0 < question.share_alike(one) < 1
        assert question.share_alike(one) == pytest.approx(1 / 1.5)

    def test_weights_are_those_of_bm25(self) -> None:
        assert idf("Kurabar flights", {"flights": 9}, 10) == pytest.approx(
            {"kurabar": math.log(22), "flight": math.log(1 + 1.5 / 9.5)}
        )

    def test_a_word_of_every_passage_still_weighs_a_little(self) -> None:
        assert idf("flights", {"flights": 10}, 10)["flight"] > 0

    @pytest.mark.parametrize("text", ["", "?!", "Who was it?"])
    def test_a_question_without_words_of_its_own_is_held_by_nothing(self, text: str) -> None:
        assert asked(text).share(stem_set("Who was it? It was Mary.")) == 0

    @given(st.text(max_size=80), st.text(max_size=80))
    def test_is_bounded_and_grows_with_the_text(self, text: str, more: str) -> None:
        question = asked(f"plane {text}")
        some, all_of_it = stem_set(text), stem_set(f"{text} {more} plane {text}")
        assert 0 <= question.share(some) <= question.share(some | all_of_it) <= 1 + 1e-9
        assert question.share(stem_set(question.text)) == pytest.approx(1)
