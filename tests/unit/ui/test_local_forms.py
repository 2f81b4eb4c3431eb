from __future__ import annotations

import inspect
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag.errors
from ingest.outcomes import Outcome, Progress
from ingest.plan import Disk, Plan, Step
from ingest.sync import Survey
from rag.errors import FootnoteError
from rag.settings_layers import load_settings
from rag.types import Candidate, Citation, Sentence, Trace
from ui.local_forms import (
    ASKING,
    difference,
    error_from_dict,
    error_to_dict,
    marks,
    outcome_from_dict,
    outcome_to_dict,
    plan_from_dict,
    plan_to_dict,
    progress_from_dict,
    progress_to_dict,
    survey_from_dict,
    survey_to_dict,
    trace_from_dict,
)

NAMES = st.binary(min_size=1, max_size=8).filter(lambda name: b"/" not in name and b"\0" not in name)
PATHS = NAMES.map(lambda name: Path("/documents") / os.fsdecode(name))
WORDS = st.text(max_size=10)
KINDS = st.sampled_from(["added", "changed", "moved", "removed", "same", "failed", "cancelled"])


def sent(value: dict) -> dict:
    return json.loads(json.dumps(value).encode())


@given(st.builds(Outcome, PATHS, KINDS, WORDS, st.integers(0, 9), st.none() | WORDS, st.none() | PATHS))
def test_outcomes_arrive_as_they_were(outcome) -> None:
    assert outcome_from_dict(sent(outcome_to_dict(outcome))) == outcome


@given(st.builds(Progress, st.just("reading"), st.integers(0, 9), st.integers(0, 9), WORDS))
def test_progress_arrives_as_it_was(progress) -> None:
    assert progress_from_dict(sent(progress_to_dict(progress))) == progress


HASHES = st.dictionaries(PATHS, st.none() | st.just("") | st.just("ab" * 32), max_size=4)


@given(HASHES, st.frozensets(PATHS, max_size=3), st.dictionaries(PATHS, WORDS, max_size=3))
def test_surveys_arrive_as_they_were(files, some, unlisted) -> None:
    looked = Survey(Disk((Path("/documents"),), files, some), unlisted, some)
    assert survey_from_dict(sent(survey_to_dict(looked))) == looked


def test_plans_arrive_without_their_documents() -> None:
    made = Plan((Step("same", Path("/a")), Step("other", Path("/b.bin"))), 3, (Path("/c"),))
    assert plan_from_dict(sent(plan_to_dict(made))) == made


def test_traces_arrive_as_they_were() -> None:
    citation = Citation("p", "d", "file:///d", "D", None, "plane", 0, 5)
    made = Trace(
        "q",
        "query",
        0.5,
        (Candidate("p", "D", 1, 0, None, 0.5, 0.25, 0.125, "why"),),
        (("system", "words"),),
        "written",
        (Sentence("plane", (citation,), "supported", 1.0, ("oil",)),),
        {"a": 0.5},
    )
    assert trace_from_dict(sent(made.to_dict())) == made


@pytest.mark.parametrize("kind", [kind for kind in vars(rag.errors).values() if inspect.isclass(kind)])
def test_errors_arrive_as_what_they_are(kind) -> None:
    arrived = error_from_dict(sent(error_to_dict(kind("what to do"))))
    assert type(arrived) is kind
    assert str(arrived) == "what to do"


@pytest.mark.parametrize("name", ["Unheard", "annotations", "", None])
def test_an_error_of_an_unknown_kind_is_the_plain_one(name) -> None:
    assert type(error_from_dict({"kind": name, "message": "x"})) is FootnoteError


@pytest.mark.parametrize(
    ("here", "there", "differs"),
    [
        pytest.param({}, {}, "", id="nothing is given"),
        pytest.param({}, {"llm": "none", "passages": 3}, "", id="what is not given is taken as it is there"),
        pytest.param({"llm": "none"}, {"llm": "none"}, "", id="the same"),
        pytest.param(
            {"llm": "none"}, {}, "the setting 'llm' is none here and local there", id="another model"
        ),
        pytest.param({"passages": 3}, {}, "the setting 'passages' is 3 here and 6 there", id="a number"),
        pytest.param(
            {"llm_api_key": "sk-1"},
            {"llm_api_key": "sk-2"},
            "the setting 'llm_api_key' is another one there",
            id="a key is not told",
        ),
        pytest.param({"llm_api_key": "sk-1"}, {"llm_api_key": "sk-1"}, "", id="the same key"),
        pytest.param({"embedder": "~/e"}, {"embedder": str(Path("~/e").expanduser())}, "", id="one folder"),
        pytest.param({"max_pages": 3}, {}, "", id="no setting of an answer"),
    ],
)
def test_settings_that_were_given_are_compared(here, there, differs, tmp_path) -> None:
    theirs = marks(load_settings(there, environ={}), "secret")
    assert difference(load_settings(here, environ={}), ASKING, sent(theirs), "secret") == differs


def test_marks_hold_no_key() -> None:
    assert "sk-1" not in str(marks(load_settings({"llm_api_key": "sk-1"}, environ={}), "secret"))
