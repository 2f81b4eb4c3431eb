"""Twenty people who ask at once: every answer in its own conversation, and a place in the line told."""

from __future__ import annotations

import re
import sys
from itertools import pairwise

import pytest
from askers import all_ask, percentiles
from fakes import WritingModel
from serving import page_over

PEOPLE, QUESTIONS = 20, 3
_NAME = re.compile(r"Question: Where did the plane (\w+) land\?")


def name_of(person: int, question: int) -> str:
    return f"Quail{chr(97 + person)}{'xyz'[question]}"


def city_of(name: str) -> str:
    return f"{name[5:]}town".capitalize()


def say(prompt: str) -> str:
    """Answer with the city of the plane that is asked for, if its document is in the prompt."""
    name = _NAME.search(prompt)[1]
    assert city_of(name) in prompt, prompt
    return f"The plane {name} landed in {city_of(name)}."


@pytest.mark.parametrize("llm", ["local", "openai:scripted"])
def test_every_answer_is_in_its_own_conversation(tmp_path, capsys, llm):
    questions = [
        [f"Where did the plane {name_of(person, number)} land?" for number in range(QUESTIONS)]
        for person in range(PEOPLE)
    ]
    model = WritingModel(say, pace=0.005)
    model.holds = 0 if llm == "local" else None

    def watch(step: str) -> None:
        if f"{PEOPLE - 1} answers before yours" in step:
            model.gate.set()  # all are in the line

    with page_over(tmp_path, model, llm=llm) as served:
        for name in (name_of(person, number) for person in range(PEOPLE) for number in range(QUESTIONS)):
            served.put(name.lower(), f"The plane {name} landed in {city_of(name)} in May.")
        try:
            heard = all_ask(served.url, questions, watch)
        finally:
            model.gate.set()

        for number, (conversation, own) in enumerate(heard):
            names = [name_of(number, each) for each in range(QUESTIONS)]
            for name, each in zip(names, own, strict=True):
                assert f"The plane {name} landed in {city_of(name)}." in each.steps[-1]
                asked = set(re.findall(r"Where did the plane (\w+) land\?", " ".join(each.steps)))
                assert asked <= set(names), "no word of another's conversation"
            stored = served.conversations.turns(conversation, "")
            assert [turn.question for turn in stored] == questions[number]
            assert [turn.state for turn in stored] == ["answered"] * QUESTIONS
            assert [turn.answer.text for turn in stored] == [
                f"The plane {name} landed in {city_of(name)}." for name in names
            ]
        assert len(served.conversations.latest("")) == PEOPLE

        every = [each for _, own in heard for each in own]
        if llm == "local":
            lines = [each.places for each in every if each.places]
            assert max(map(max, lines)) == PEOPLE - 1
            assert sum(len(line) > 1 for line in lines) > PEOPLE // 2
            assert all(first >= then for line in lines for first, then in pairwise(line))
        stored = [turn for conversation, _ in heard for turn in served.conversations.turns(conversation, "")]
        with capsys.disabled():
            sys.stdout.write(
                f"\n{PEOPLE} people, {len(every)} questions, {llm}: "
                f"key quotes {percentiles([each.quoted_s for each in every])}; "
                f"retrieval {percentiles([turn.answer.timings['retrieve_s'] for turn in stored])}\n"
            )
