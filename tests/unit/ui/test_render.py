from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import parse

from rag.types import Answer, Citation, Conflict, FoundPassage, Sentence
from ui.parts import Facts
from ui.plain import plain_text
from ui.render import render_conversation, render_question, render_written
from ui.turn import Turn

FACTS = Facts(2, 30, "a-model")
TEXT = "Planes landed in May.\nThey left in June."
PASSAGE = FoundPassage(
    "p1", "d1", TEXT, 100, 100 + len(TEXT), 3, ("Log", "Spring"), "file:///log.pdf", "Log", 0.9, 0.7
)
MAY = Citation("p1", "d1", "file:///log.pdf", "Log", 3, 100, 121, "Planes landed in May.")
JUNE = Citation("p1", "d1", "file:///log.pdf", "Log", 3, 122, 140, "They left in June.")
SENTENCES = (
    Sentence("They came in May.", (MAY,), "supported"),
    Sentence("They left soon.", (JUNE, MAY), "partly"),
    Sentence("Nobody saw them.", (), "unsupported"),
)


def answer(**changes) -> Answer:
    known = Answer(
        "When?", "When?", (MAY,), "They came in May.", SENTENCES, (PASSAGE,), False, 0.9, "a-model",
        {"retrieve_s": 0.21, "first_token_s": 3.9, "total_s": 9.13},
    )  # fmt: skip
    return replace(known, **changes)


def done(**changes) -> Turn:
    whole = answer(**changes)
    return Turn(
        "When?", True, whole.quotes, whole.passages, "They came", 0, whole.sentences, whole, None, False
    )


def test_key_quotes_open_their_passage_and_passages_show_them_marked():
    root = parse(render_question(done()))
    quote = root.one(".quote")
    assert quote.name == "button"
    assert quote.one(".words").text == MAY.quote
    assert quote.one(".cite").text == "Logpage 3Spring"
    assert quote.attributes | {"class": None} == {
        "type": "button",
        "class": None,
        "data-document": "d1",
        "data-start": "100",
        "data-end": "121",
        "data-passage": "p1",
        "data-quote": MAY.quote,
    }
    passage = root.one(".passage")
    assert passage.one(".words").text == TEXT
    assert passage.one("mark").text == MAY.quote


def test_marks_are_numbered_and_say_where_they_lead():
    marks = parse(render_written(done(), FACTS)).all(".mark")
    assert [mark.text for mark in marks] == ["[1]", "[2]", "[1]"]
    assert [mark.attributes["aria-label"] for mark in marks[:2]] == [
        "Source 1: Log, page 3",
        "Source 2: Log, page 3",
    ]
    assert {mark.name for mark in marks} == {"button"}


def test_doubtful_sentences_say_so_in_words():
    root = parse(render_written(done(), FACTS))
    said = [
        (" ".join(s.classes - {"sentence"}), [v.text for v in s.all(".verdict")])
        for s in root.all(".sentence")
    ]
    assert said == [
        ("supported", []),
        ("partly", [" only partly in the source"]),
        ("unsupported", [" no source found"]),
    ]
    assert root.all(".caution")
    assert not parse(render_written(done(sentences=SENTENCES[:1]), FACTS)).all(".caution")


def test_text_awaiting_its_sources_is_set_apart():
    turn = Turn("When?", True, (MAY,), (PASSAGE,), "They came in May. They le", 17, SENTENCES[:1])
    root = parse(render_written(turn, FACTS, 5.4))
    assert root.one(".pending").text == " They le"
    assert root.one("section").attributes["aria-busy"] == "true"
    assert root.one(".status").text == "Writing… 5 s"
    assert not root.all(".sources")


@pytest.mark.parametrize(
    ("turn", "elapsed", "words"),
    [
        (Turn("When?"), 0.0, "Searching 30 passages…"),
        (Turn("When?", True, (MAY,), (PASSAGE,)), 3.0, "Reading 1 passage… 3 s"),
        (Turn("When?", True, stopped=True), 3.0, "Stopped."),
        (
            Turn("When?", True, sentences=SENTENCES, stopped=True),
            3.0,
            "Stopped. Every sentence above has been checked.",
        ),
        (done(), 0.0, "Passages in 0.2 s · first word in 3.9 s · all in 9.1 s · a-model"),
        (
            done(timings={"retrieve_s": 0.2, "first_token_s": None, "total_s": 0.3}, sentences=()),
            0.0,
            "Passages in 0.2 s · all in 0.3 s",
        ),
    ],
    ids=["searching", "reading", "stopped early", "stopped", "finished", "no model"],
)
def test_status(turn, elapsed, words):
    assert parse(render_written(turn, FACTS, elapsed)).one(".status").text == words


def test_sources_are_listed_with_title_page_and_quote():
    root = parse(render_written(done(), FACTS))
    rows = [(s.one(".number").text, s.one(".cite").text, s.one(".words").text) for s in root.all(".source")]
    assert rows == [("1", "Logpage 3", MAY.quote), ("2", "Logpage 3", JUNE.quote)]


def test_key_quotes_that_no_sentence_cites_are_not_listed_again():
    root = parse(render_written(done(quotes=(MAY, JUNE), sentences=SENTENCES[:1]), FACTS))
    assert [source.one(".words").text for source in root.all(".source")] == [MAY.quote]


def test_quotes_alone_are_not_repeated_as_an_answer():
    sentences = (Sentence(MAY.quote, (MAY,), "supported"),)
    turn = replace(done(sentences=sentences, model="none"), written="")
    root = parse(render_written(turn, FACTS))
    assert not root.all(".prose-answer")
    assert not root.all(".sources")


def test_a_refusal_helps():
    turn = done(refused=True, quotes=(), sentences=(), text="The documents do not answer this question.")
    upper, lower = parse(render_question(turn)), parse(render_written(turn, FACTS))
    assert not upper.all(".quote")
    assert "The documents do not answer this question." in lower.text
    assert "30 passages in 2 documents" in lower.text
    assert lower.one(".nearest").one(".words").text == " ".join(TEXT.split())
    assert len(lower.all("li")) == 2


def test_a_refusal_after_the_model_keeps_the_quotes_that_were_shown():
    turn = done(refused=True, sentences=(), text="The model found no answer that the documents support.")
    upper, lower = parse(render_question(turn)), parse(render_written(turn, FACTS))
    assert upper.one(".quote").one(".words").text == MAY.quote
    assert "The quotes above come nearest." in lower.text
    assert not lower.all(".nearest")


def test_a_failure_is_a_sentence_and_announced():
    root = parse(render_written(replace(Turn("When?"), error="the model does not answer: ask again"), FACTS))
    notice = root.one(".notice")
    assert notice.attributes["role"] == "alert"
    assert "The model does not answer: ask again" in notice.text
    assert [button.attributes["data-again"] for button in root.all(".action")] == ["When?", "When?"]


def test_a_conversation_keeps_its_order():
    turns = [replace(done(), question=question) for question in ("First?", "Second?")]
    assert [node.text for node in parse(render_conversation(turns, FACTS)).all("h2")] == ["First?", "Second?"]


def test_the_copy_has_numbers_verdicts_and_sources():
    assert plain_text(answer()) == (
        "**When?**\n\n> Planes landed in May. [1]\n\n"
        "They came in May. [1] They left soon. [2][1] (only partly in the source) "
        "Nobody saw them. (no source found)\n\n"
        "[1] Log, page 3: “Planes landed in May.”\n[2] Log, page 3: “They left in June.”"
    )
    refused = answer(refused=True, text="The documents do not answer this question.")
    assert plain_text(refused) == "**When?**\n\nThe documents do not answer this question."


def test_what_a_quote_hides_is_shown_on_the_page_and_in_the_copy():
    hostile = replace(MAY, quote="On 5 \u202eMay.\x1b", title="No\u200btes")
    page = parse(render_question(done(quotes=(hostile,))))
    labels = [run.attributes["data-label"] for run in page.one(".quotes").all(".hidden-run")]
    assert labels == ["U+202E", "U+001B", "U+200B"]
    copy = plain_text(answer(quotes=(hostile,)))
    assert "On 5 ⟦U+202E⟧May.⟦U+001B⟧" in copy
    assert "No⟦U+200B⟧tes" in copy


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "![x](https://example.com/x.png)",
            "[x](javascript:alert(1))\n\n[x]: https://example.com",
            '"><svg onload=alert(1)>',
            "' onmouseover='alert(1)",
            "<style>@import 'https://example.com'</style>",
            "\n\n# heading\n\n    code\n\n<b>",
            "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
            "\u202egnp.exe\u200b</div></section><h1>",
            "x" * 10_000,
        ]
    ),
)
TAGS = set(
    "article section h2 h3 div span p button bdi details summary mark ol ul li strong "
    "form fieldset legend label input textarea".split()
)
ATTRIBUTES = set(
    "class dir type title role aria-busy aria-label data-document data-start data-end data-passage data-say "
    "data-copy data-again data-now data-turn data-feedback data-label "
    "name value checked rows maxlength data-quote".split()
)


@settings(max_examples=150, deadline=None)
@given(st.lists(HOSTILE, min_size=7, max_size=7), st.booleans(), st.booleans())
def test_nothing_but_our_own_markup_gets_through(words, refused, failed):
    question, quote, title, heading, said, passage, model = words
    citation = replace(MAY, quote=quote, title=title, uri=title, document_id=title)
    found = replace(PASSAGE, text=passage, title=title, headings=(heading,), end=100 + len(passage))
    sentence = Sentence(said, (citation,), "unsupported")
    whole = answer(
        question=question, quotes=(citation,), sentences=(sentence,), passages=(found,), text=said,
        refused=refused, model=model, conflicts=(Conflict(said, citation, citation),),
    )  # fmt: skip
    turn = Turn(
        question, True, (citation,), (found,), said, 0, (sentence,), whole, said if failed else None,
        id=title, verdict=said, note=passage,
    )  # fmt: skip
    html = render_conversation([turn], FACTS)
    nodes = parse(html).all()
    assert {node.name for node in nodes} <= TAGS
    assert {name for node in nodes for name in node.attributes} <= ATTRIBUTES
    assert "\n" not in html
    assert nodes[2].text == question.replace("\0", "\N{REPLACEMENT CHARACTER}")


def test_sources_that_disagree_stand_side_by_side():
    other = replace(MAY, quote="Planes landed in June.", title="Another log", start=7, end=29)
    shown = parse(render_written(done(conflicts=(Conflict("June", other, MAY),)), FACTS)).one(".conflicts")
    sides = shown.all(".side")
    assert [side.one(".words").text for side in sides] == [MAY.quote, other.quote]
    assert "Another says June" in sides[1].text
    assert sides[1].attributes["data-start"] == "7"
    assert not parse(render_written(done(), FACTS)).all(".conflicts")


def test_the_verdict_that_was_given_is_shown():
    kept = replace(done(), id="1" * 32, verdict="wrong", note="It was\nJune.")
    form = parse(render_written(kept, FACTS)).one(".opinion")
    assert form.one("summary").text == "Feedback: Wrong"
    assert [each.attributes["value"] for each in form.all("input") if "checked" in each.attributes] == [
        "wrong"
    ]
    assert form.one("textarea").text == "It was\nJune."
    assert not parse(render_written(done(), FACTS)).all(".opinion"), "what is not kept cannot be judged"


def test_who_waits_for_the_model_sees_the_place():
    waiting = replace(Turn("When?"), searched=True, quotes=(MAY,), passages=(PASSAGE,), place=2)
    assert "The model is busy: 2 answers before yours… 3 s" in parse(render_written(waiting, FACTS, 3)).text
