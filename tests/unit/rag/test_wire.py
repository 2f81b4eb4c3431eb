from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from fakes import AngleEmbedder, ScriptedModel, put
from hypothesis import given
from hypothesis import strategies as st

from rag.assistant import Assistant
from rag.errors import UsageError
from rag.types import (
    Answer,
    AnswerFinished,
    Citation,
    Conflict,
    Event,
    EvidenceFound,
    FoundPassage,
    Sentence,
    SentenceChecked,
    TextWritten,
)
from rag.wire import event_from_dict, event_to_dict

words, numbers, shares = st.text(max_size=9), st.integers(0, 9), st.floats(0, 1)
pages = st.none() | numbers
citations = st.builds(Citation, words, words, words, words, pages, numbers, numbers, words)
sentences = st.builds(
    Sentence,
    words,
    st.lists(citations, max_size=2).map(tuple),
    st.sampled_from(["supported", "partly", "unsupported"]),
    shares,
    st.lists(words, max_size=2).map(tuple),
)
passages = st.builds(
    FoundPassage, words, words, words, numbers, numbers, pages, uri=words, title=words, score=shares
)


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=2).map(tuple)


answers = st.builds(
    Answer,
    words,
    words,
    some(citations),
    words,
    some(sentences),
    some(passages),
    st.booleans(),
    shares,
    words,
    st.dictionaries(words, st.none() | shares, max_size=2),
    some(st.builds(Conflict, words, citations, citations)),
    st.none(),
)
events = st.one_of(
    st.builds(EvidenceFound, some(citations), some(passages), words),
    st.builds(TextWritten, words),
    st.builds(SentenceChecked, sentences),
    st.builds(AnswerFinished, answers),
)


@given(events)
def test_what_is_written_as_json_is_read_back(event):
    assert event_from_dict(json.loads(json.dumps(event_to_dict(event)))) == event


def test_every_kind_of_event_has_a_form(library, settings):
    embedder = AngleEmbedder()
    put(library, "news", "A plane came from Libya on 26 October.", embedder)
    model = ScriptedModel("A plane came on 26 October.")
    with Assistant(library, embedder, model, settings) as assistant:
        made = list(assistant.stream("When did the plane come from Libya?"))
    assert {type(event) for event in made} == set(get_args(Event))
    written = [event_to_dict(event) for event in made]
    assert written[0]["type"] == "evidence"
    assert written[-1] == {"type": "answer", "answer": made[-1].answer.to_dict()}
    read = [event_from_dict(each) for each in written]
    assert [event_to_dict(event) for event in read] == written


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"type": "later"}, id="an unknown kind"),
        pytest.param({"type": "text"}, id="no text"),
        pytest.param(
            {"type": "evidence", "quotes": [{}], "passages": [], "standalone_question": ""}, id="half"
        ),
        pytest.param({"type": "answer", "answer": None}, id="no answer"),
    ],
)
def test_what_is_no_event_is_refused(value):
    with pytest.raises(UsageError, match=r"no event of an answer.*another version"):
        event_from_dict(value)
