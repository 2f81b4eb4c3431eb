from __future__ import annotations

import json
import random
import re

import pytest
from fakes import AngleEmbedder, ScriptedModel, document, put
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda

from rag.errors import ModelUnavailable
from rag.evaluation.draft import NOT_FOUND, TRIES, Draft, draft, facts, ordered, path_ends
from rag.evaluation.readers import read

PLANE = "On 3 May the first plane of the Volga company came to the base with eleven engineers on board."
OIL = "The refinery at Banias took 40 tankers of oil in June, more than in any month since the year began."
ZEBRA = "A zebra named Marty left the zoo of Lyon on 9 July and was found by the river two days later."
VAGUE = "it is often so that things go on as they have gone on before and nobody minds it very much."


ABOUT = {
    PLANE: ("How many engineers came with the plane of the company?", "eleven, as said: {}"),
    OIL: ("How much of something did the refinery take?", "It was {}."),
    ZEBRA: ("What do you know of the zebra in the story?", "{}"),
}


class ReadingModel(ScriptedModel):
    """Writes the question that is known of the passage shown, and gives the fact back when asked it."""

    def __init__(self, about: dict[str, tuple[str, str]]) -> None:
        super().__init__()
        self.about = about
        self.calls = 0

    def runnable(self):
        return RunnableLambda(self._reply)

    def _reply(self, messages) -> AIMessage:
        self.calls += 1
        prompt = messages[-1][1]
        known = [(*each, text) for text, each in self.about.items() if text in prompt]
        if not known:
            return AIMessage("No.")
        [(question, said, _)] = known
        if asked := re.search(r"Write a question with the answer: (.*)$", prompt):
            self.answer = asked[1]
            return AIMessage(question)
        assert prompt.endswith(f"Answer: {question}")
        return AIMessage(said.format(self.answer))


@pytest.fixture
def filled(library, embedder: AngleEmbedder):
    for name, text in (("plane", PLANE), ("oil", OIL), ("zebra", ZEBRA)):
        put(library, name, text, embedder)
    return library


def drafts(library, embedder, settings, n, about=ABOUT, **options) -> list[Draft]:
    return list(draft(library, embedder, ReadingModel(about), settings, n, **options))


def test_each_draft_has_an_answer_of_its_document(filled, embedder, settings):
    made = drafts(filled, embedder, settings, 3)
    texts = {"plane.txt": PLANE, "oil.txt": OIL, "zebra.txt": ZEBRA}
    assert {each.documents for each in made} == {("plane.txt",), ("oil.txt",), ("zebra.txt",)}
    for each in made:
        text = texts[each.documents[0]]
        assert each.question == ABOUT[text][0]
        assert each.answers[0] in facts(text)
        assert each.found


def test_the_lines_are_read_as_questions_of_ones_own(filled, embedder, settings, tmp_path):
    made = drafts(filled, embedder, settings, 3)
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(json.dumps(each.to_dict()) for each in made), "utf-8")
    [found] = read([path])
    assert [each.text for each in found.questions] == [each.question for each in made]
    assert [each.answers for each in found.questions] == [each.answers for each in made]
    assert [each.relevant for each in found.questions] == [each.documents for each in made]
    assert all(each.answerable for each in found.questions)


def test_no_more_than_wanted_and_no_model_call_beyond(filled, embedder, settings):
    seen = []
    assert len(drafts(filled, embedder, settings, 2, on_attempt=seen.append)) == 2
    assert [(attempt.tried, attempt.kept, attempt.fault) for attempt in seen] == [(1, 1, None), (2, 2, None)]
    assert drafts(filled, embedder, settings, 0, on_attempt=seen.append) == []
    assert len(seen) == 2


def test_it_ends_when_the_library_has_no_more(filled, embedder, settings):
    seen = []
    about = {PLANE: ABOUT[PLANE], OIL: (ABOUT[OIL][0], "I do not know.")}
    assert len(drafts(filled, embedder, settings, 50, about, on_attempt=seen.append)) == 1
    assert [attempt.tried for attempt in seen] == [1, 2, 3]
    assert {attempt.title: attempt.fault for attempt in seen} == {
        "Plane": None,
        "Oil": "asked its own question, the model said something else",
        "Zebra": "no question came",
    }


def test_it_ends_when_the_model_makes_nothing_of_many_passages(library, embedder, settings):
    text = "\n".join(f"{PLANE} That was number {i} of the year." for i in range(40))
    put(library, "log", text, embedder)
    seen = []
    assert drafts(library, embedder, settings, 2, {}, on_attempt=seen.append) == []
    assert len(seen) == 2 * TRIES


def test_the_same_question_comes_once(library, embedder, settings):
    put(library, "one", PLANE, embedder)
    put(library, "two", f"{PLANE} So it was said on the radio in the evening.", embedder)
    seen = []
    [made] = drafts(library, embedder, settings, 2, on_attempt=seen.append)
    assert [attempt.fault for attempt in seen] == [None, "much the same question as another"]
    assert made.question == ABOUT[PLANE][0]


def test_a_copy_of_the_passage_answers_as_well(library, embedder, settings):
    put(library, "one", PLANE, embedder)
    put(library, "two", PLANE, embedder)
    [made] = drafts(library, embedder, settings, 2)
    assert made.found
    assert set(made.documents) <= {"one.txt", "two.txt"}


def test_a_question_whose_passage_is_not_found_stays_and_is_marked(library, embedder, settings):
    put(library, "plane", PLANE, embedder)
    for i in range(6):
        put(
            library,
            f"copy{i}",
            f"zebra zebra moon {'river ' * i}number {i} who left it, said someone",
            embedder,
        )
    question = "Which zebra zebra left the moon river, said someone, and when?"
    [made] = drafts(library, embedder, settings, 1, {PLANE: (question, "{}")})
    assert not made.found
    assert made.to_dict() == {
        "question": question,
        "answers": list(made.answers),
        "document": ["plane.txt"],
        "answerable": True,
        "check": NOT_FOUND,
    }


def test_documents_take_turns_and_a_seed_repeats_itself(library, embedder, settings):
    put(library, "log", "\n".join(f"{PLANE} That was number {i} of the year." for i in range(9)), embedder)
    put(library, "oil", OIL, embedder)
    put(library, "zebra", ZEBRA, embedder)
    seen = []
    drafts(library, embedder, settings, 1, {}, on_attempt=seen.append)
    titles = [attempt.title for attempt in seen]
    assert sorted(titles[:3]) == ["Log", "Oil", "Zebra"]
    assert titles[3:] == ["Log"] * (TRIES - 3)
    again = []
    drafts(library, embedder, settings, 1, {}, on_attempt=again.append)
    assert again == seen
    orders = set()
    for seed in range(8):
        other = []
        drafts(library, embedder, settings, 1, {}, seed=seed, on_attempt=other.append)
        orders.add(tuple(attempt.title for attempt in other))
    assert len(orders) > 1


def test_no_second_call_for_a_question_that_cannot_be_kept(library, embedder, settings):
    put(library, "plane", PLANE, embedder)
    model = ReadingModel({PLANE: ("What does the passage say?", "{}")})
    assert list(draft(library, embedder, model, settings, 1)) == []
    assert model.calls == 1


def test_errors_of_the_models_library_become_ours(filled, embedder, settings):
    model = ScriptedModel()
    model.error = ConnectionError("refused")
    with pytest.raises(ModelUnavailable, match="none"):
        list(draft(filled, embedder, model, settings, 1))


def test_texts_rich_in_facts_come_first():
    poor, rich = f"{VAGUE[:-1]} in Lyon.", OIL
    assert len(facts(poor)) == 1
    assert len(facts(rich)) == 3
    texts = [poor, rich, VAGUE, "On 3 May."]
    orders = [ordered(texts, random.Random(seed)) for seed in range(200)]  # noqa: S311
    assert {tuple(sorted(each)) for each in orders} == {(0, 1)}
    assert 110 < sum(each[0] == 1 for each in orders) < 200


def file(identity: str, uri: str):
    return document(identity, "", uri=uri)


@pytest.mark.parametrize(
    ("uris", "ends"),
    [
        (["file:///a/one.md", "file:///a/two.md"], ["one.md", "two.md"]),
        (["file:///x/a/one.md", "file:///x/b/one.md"], ["a/one.md", "b/one.md"]),
        (["file:///one.md", "file:///b/one.md"], ["/one.md", "b/one.md"]),
        (["file:///a/one%20two%3F.md"], ["one two?.md"]),
        (["https://example.org/one.md", "file:///a/one.md"], ["https://example.org/one.md", "one.md"]),
    ],
    ids=["names", "same name", "one within the other", "quoted", "no file"],
)
def test_a_document_is_named_by_the_shortest_end_of_its_path(uris, ends):
    documents = [file(str(i), uri) for i, uri in enumerate(uris)]
    assert list(path_ends(documents).values()) == ends


@given(st.sets(st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map("/".join), min_size=1))
def test_no_end_fits_two_documents(paths):
    documents = [file(path, f"file:///{path}") for path in sorted(paths)]
    for identity, end in path_ends(documents).items():
        fits = [p for p in paths if f"/{p}" == end or f"/{p}".endswith(f"/{end}")]
        assert fits == [identity]
