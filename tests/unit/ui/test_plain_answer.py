"""Answers as plain lines: nothing but words, one thing a line."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rag.types import Answer, Citation, Conflict, EvidenceFound, FoundPassage, Sentence
from ui import plain_answer

SOURCE = Citation("p1", "d1", "file:///news.txt", "News", 3, 0, 38, "A plane came\nfrom Libya on 26 October.")
OTHER = Citation(
    "p2", "d2", "file:///blog.txt", "Blog", None, 5, 40, "A plane came from Libya on 27 October."
)
PASSAGE = FoundPassage("p1", "d1", "Planes. " * 40, 0, 320, 3, uri=SOURCE.uri, title="News")
ANSWER = Answer(
    question="When?",
    standalone_question="When?",
    quotes=(OTHER,),
    text="It came. It left in July.",
    sentences=(
        Sentence("It came.", (SOURCE, OTHER), "supported", 0.9),
        Sentence("It left in July.", (), "unsupported", 0.1, ("juli",)),
    ),
    passages=(PASSAGE,),
    refused=False,
    confidence=0.9,
    model="scripted",
    timings={"retrieve_s": 0.41, "first_token_s": 1.0, "total_s": 9.52},
)
REFUSAL = replace(ANSWER, text="Not in here.", sentences=(), quotes=(), refused=True)
ACTING = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def test_evidence() -> None:
    assert plain_answer.evidence(EvidenceFound((SOURCE,), (PASSAGE,), "When?")) == (
        "Key quotes\n- “A plane came from Libya on 26 October.” — News, page 3\n"
        "1 passage found: News, page 3\n\n"
    )
    assert plain_answer.evidence(EvidenceFound((), (), "When?")) == "No passage was found.\n\n"


def test_an_answer() -> None:
    assert plain_answer.answer(replace(ANSWER, conflicts=(Conflict("27 October", OTHER, SOURCE),))) == (
        "Answer\n"
        "It came. [1][2] It left in July. [?] (“July”: not in any source)\n"
        "\n"
        "Your sources disagree\n"
        "- The answer rests on News, page 3 [1]: “A plane came from Libya on 26 October.”\n"
        "- Another says 27 October: Blog [2]: “A plane came from Libya on 27 October.”\n"
        "\n"
        "Sources\n"
        "[1] News, page 3: “A plane came from Libya on 26 October.”\n"
        "[2] Blog: “A plane came from Libya on 27 October.”\n"
        "\n"
        "scripted · evidence in 0.4 s · whole answer in 9.5 s\n"
    )


def test_without_a_model_the_quotes_are_not_written_again() -> None:
    quoted = Sentence(OTHER.quote, (OTHER,), "supported", 1.0)
    shown = plain_answer.answer(replace(ANSWER, model="none", sentences=(quoted,)))
    assert shown.startswith("Sources\n[1] Blog")
    assert shown.count(OTHER.quote) == 1


def test_a_refusal() -> None:
    lines = plain_answer.answer(REFUSAL).splitlines()
    assert lines[:2] == ["Not in here.", "The nearest passages:"]
    assert re.fullmatch(r"- (Planes\. ){30}… — News, page 3", lines[2])
    assert "The quotes above come nearest." in plain_answer.answer(replace(REFUSAL, quotes=(SOURCE,)))


def test_an_opened_quote() -> None:
    shown = plain_answer.opened("News", "Before.\n", "A\nplane.", "\nAfter.\n", "It changed.")
    assert shown.splitlines() == [
        "News", "It changed.", "The quote:", "A plane.", "Where it stands:",
        "Before.", "A", "plane.", "After.",
    ]  # fmt: skip


@given(st.text(min_size=1), st.text(min_size=1))
def test_nothing_of_it_acts_on_a_terminal(title: str, quote: str) -> None:
    source = replace(SOURCE, title=title, quote=quote)
    sentence = Sentence(quote, (source,), "partly", 0.5, (quote,))
    conflict = Conflict(quote, replace(OTHER, title=quote), source)
    one = replace(ANSWER, sentences=(sentence,), conflicts=(conflict,), model=title, quotes=())
    passage = replace(PASSAGE, text=quote, title=title)
    for shown in (
        plain_answer.evidence(EvidenceFound((source,), (passage,), title)),
        plain_answer.answer(one),
        plain_answer.answer(replace(REFUSAL, text=title, passages=(passage,))),
    ):
        assert not ACTING.search(shown)
    assert len(plain_answer.sources(one).splitlines()) == 2
    assert not ACTING.search(plain_answer.opened(title, quote, title, quote).replace("\t", ""))
