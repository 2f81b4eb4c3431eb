"""Evidence to an outcome: what is asked of the model, what is told of conflicts, and what the trace holds."""

from __future__ import annotations

import json
import math

import pytest
from fakes import ScriptedModel, put
from langchain_core.callbacks import BaseCallbackHandler

from rag.answer.prompt import CERTAIN
from rag.answer.writer import Writer
from rag.answering import REFUSAL, UNSUPPORTED, Outcome, answer, quoted
from rag.assistant import Assistant
from rag.retrieval.confidence import WRITTEN, WRITTEN_BELOW
from rag.retrieval.followup import FollowUp
from rag.retrieval.search import search
from rag.types import SentenceChecked, TextWritten, Turn

QUESTION = "When did the embassy in Arden reopen?"
SAID = "The embassy in Arden reopened in May."
OTHER = "The embassy in Arden reopened in June."
TOLD = "“Blog” gives a different answer: June."
WRONG = "The embassy in Arden reopened in July."
BRIEF = "Answer in one to five words:"


@pytest.fixture(autouse=True)
def sure(monkeypatch):
    """Let every written answer be sure enough; the dictionary can say otherwise."""
    held = {"confidence": 0.9}
    monkeypatch.setattr("rag.answering.written_confidence", lambda seen: held["confidence"])
    return held


@pytest.fixture
def found(library, embedder):
    put(library, "news", f"{SAID}\nOil is cheap.", embedder)
    put(library, "blog", OTHER, embedder)
    return search(library, embedder, FollowUp(QUESTION), 4)


@pytest.fixture
def run(found, embedder, settings):
    """Answer from the evidence; returns the events but the last, and that, the outcome."""

    def call(model: ScriptedModel, llm: str = "local", history=()) -> tuple[list, Outcome]:
        writer = Writer(model, settings.model_copy(update={"llm": llm}), None)
        *events, outcome = answer(found, writer, embedder, history)
        return events, outcome

    return call


def calls(model: ScriptedModel) -> list[str]:
    """Return what each call of the model was for."""
    last = [texts[-1] for texts, _ in model.calls]
    return ["certain" if t == CERTAIN else "value" if t.endswith(BRIEF) else "answer" for t in last]


class TestConflicts:
    def test_are_told_after_the_answer_with_both_sources(self, run) -> None:
        events, outcome = run(ScriptedModel(SAID, "Yes", "June", chances={"Yes": 0.8, "No": 0.2}))
        assert events[-2:] == [TextWritten(f" {TOLD}"), SentenceChecked(outcome.sentences[-1])]
        assert [each.text for each in outcome.sentences] == [SAID, TOLD]
        assert [c.quote for c in outcome.sentences[-1].citations] == [OTHER, SAID]
        [conflict] = outcome.conflicts
        assert (conflict.value, conflict.other.quote, conflict.against.quote) == ("June", OTHER, SAID)

    def test_are_part_of_the_answer_and_not_of_what_the_model_wrote(self, run) -> None:
        events, outcome = run(ScriptedModel(SAID, "Yes", "June"))
        shown = outcome.answer(QUESTION, "scripted", {})
        assert shown.text == f"{SAID} {TOLD}" == "".join(e.text for e in events if isinstance(e, TextWritten))
        assert shown.conflicts == outcome.conflicts
        assert shown.to_dict()["conflicts"][0]["value"] == "June"
        assert (outcome.written, shown.trace.written) == (SAID, SAID)

    @pytest.mark.parametrize("value", ["August", "May", "not mentioned", ""], ids=repr)
    def test_are_told_only_in_words_of_the_other_sentence(self, run, value: str) -> None:
        model = ScriptedModel(SAID, "Yes", f" {value} ")
        _, outcome = run(model)
        assert calls(model) == ["answer", "certain", "value"]
        assert (outcome.conflicts, [each.text for each in outcome.sentences]) == ((), [SAID])

    def test_cost_no_call_where_nothing_is_suspected(self, library, embedder, settings) -> None:
        put(library, "news", f"{SAID}\n{OTHER}\nOil is cheap.", embedder)
        model = ScriptedModel(SAID, "Yes")
        writer = Writer(model, settings.model_copy(update={"llm": "local"}), None)
        *_, outcome = answer(search(library, embedder, FollowUp(QUESTION), 4), writer, embedder, ())
        assert calls(model) == ["answer", "certain"]
        assert (outcome.conflicts, outcome.refused) == ((), False)

    def test_are_found_by_a_model_that_tells_no_log_probabilities(self, run) -> None:
        model = ScriptedModel(SAID, "June")
        _, outcome = run(model, "openai:some")
        assert calls(model) == ["answer", "value"]
        assert [each.value for each in outcome.conflicts] == ["June"]


class TestRefusal:
    @pytest.mark.parametrize(
        "said", [WRONG, "The sources do not mention it.", "Zebras graze."], ids=["wrong", "declines", "else"]
    )
    def test_an_answer_that_does_not_stand_asks_nothing_further(self, run, said: str) -> None:
        model = ScriptedModel(said)
        _, outcome = run(model)
        assert calls(model) == ["answer"]
        assert (outcome.refused, outcome.conflicts) == (True, ())

    def test_an_answer_that_is_too_unsure_asks_for_no_conflicts(self, run, sure) -> None:
        sure["confidence"] = WRITTEN_BELOW - 0.01
        model = ScriptedModel(SAID, "No")
        _, outcome = run(model)
        assert calls(model) == ["answer", "certain"]
        assert (outcome.refused, outcome.confidence) == (True, sure["confidence"])

    def test_an_answer_that_is_just_sure_enough_is_given(self, run, sure) -> None:
        sure["confidence"] = WRITTEN_BELOW
        _, outcome = run(ScriptedModel(SAID, "No", "June"))
        assert not outcome.refused

    def test_shows_nothing_and_keeps_all_in_the_trace(self, run) -> None:
        _, outcome = run(ScriptedModel(WRONG))
        shown = outcome.answer(QUESTION, "scripted", {"total_s": 1.0})
        assert (shown.text, shown.sentences, shown.conflicts) == (UNSUPPORTED, (), ())
        assert shown.trace.written == WRONG
        [sentence] = shown.trace.sentences
        assert (sentence.text, sentence.support, sentence.missing) == (WRONG, "unsupported", ("jul",))

    def test_of_weak_evidence_has_the_confidence_of_the_evidence(self, library, embedder) -> None:
        put(library, "a", "The minister spoke about oil.", embedder)
        weak = search(library, embedder, FollowUp("Which moons does Kurabar have?"), 2)
        shown = Outcome(weak).answer("Which moons?", "none", {})
        assert (shown.text, shown.refused) == (REFUSAL, True)
        assert shown.confidence == round(weak.confidence, 4)
        assert (shown.trace.prompt, shown.trace.written, shown.trace.sentences) == ((), "", ())
        assert [each.passage_id for each in shown.trace.candidates] == [p.id for p in shown.passages]
        assert shown.trace.signals == {}


class TestCertainty:
    def test_is_asked_after_the_answer_as_it_was_written(self, run) -> None:
        model = ScriptedModel(f"{SAID} [1]", "Yes", "May")
        run(model)
        system, asked, *_ = model.calls[0][0]
        assert model.calls[1][0] == [system, asked, SAID, CERTAIN]

    def test_and_log_probabilities_are_signals(self, run) -> None:
        _, outcome = run(ScriptedModel(SAID, "Yes", "June", chances={"Yes": 0.6, "No": 0.2}))
        assert tuple(outcome.signals) == WRITTEN
        assert outcome.signals["model's own yes"] == pytest.approx(0.75)
        assert outcome.signals["mean log-probability"] == pytest.approx(math.log(0.5))
        assert outcome.signals["least log-probability"] == pytest.approx(math.log(0.5))

    @pytest.mark.parametrize(
        ("llm", "said"),
        [("local", (SAID, "Yes", "June")), ("openai:some", (SAID, "June"))],
        ids=["untold", "unasked"],
    )
    def test_of_a_model_that_does_not_tell_is_neutral(self, run, llm: str, said) -> None:
        _, outcome = run(ScriptedModel(*said), llm)
        assert tuple(outcome.signals) == WRITTEN
        assert all(math.isfinite(value) for value in outcome.signals.values())
        assert 0 < outcome.signals["model's own yes"] < 1


class TestQuoted:
    def test_the_key_quotes_are_the_answer(self, found) -> None:
        outcome = quoted(found)
        assert not outcome.refused
        assert [each.citations for each in outcome.sentences] == [(quote,) for quote in found.quotes]
        assert {(each.support, each.score) for each in outcome.sentences} == {("supported", 1.0)}
        assert outcome.answer(QUESTION, "none", {}).confidence == round(found.confidence, 4)

    def test_without_quotes_nothing_is(self, library, embedder) -> None:
        put(library, "a", "----", embedder)
        assert quoted(search(library, embedder, FollowUp(QUESTION), 2)).refused


class TestEvidence:
    @pytest.mark.parametrize(("llm", "shown"), [("local", 1), ("openai:x", 3)])
    def test_a_local_model_is_shown_no_more_than_is_enough(
        self, run, monkeypatch, llm: str, shown: int
    ) -> None:
        monkeypatch.setattr("rag.answer.writer.ENOUGH", 0.0)
        _, outcome = run(ScriptedModel(SAID, "Yes", "June", chances={"Yes": 1.0}), llm)
        prompt = outcome.prompt[-1][1]
        assert sum(text in prompt for text in (SAID, "Oil is cheap.", OTHER)) == shown

    def test_the_parts_of_a_long_question_need_places_of_their_own(self, run, monkeypatch) -> None:
        monkeypatch.setattr("rag.answer.writer.ENOUGH", 0.0)
        monkeypatch.setattr("rag.answering.pieces", lambda question: ["one", "other"])
        _, outcome = run(ScriptedModel(SAID, "Yes", "June", chances={"Yes": 1.0}))
        assert all(text in outcome.prompt[-1][1] for text in (SAID, "Oil is cheap.", OTHER))


class TestTrace:
    def trace(self, run, **options):
        _, outcome = run(ScriptedModel(SAID, "Yes", "June", chances={"Yes": 1.0}), **options)
        return outcome.answer(QUESTION, "scripted", {}).trace

    def test_holds_the_prompt_as_the_model_was_shown_it(self, run) -> None:
        model = ScriptedModel(SAID, "Yes", "June")
        _, outcome = run(model, history=(Turn("Who is she?", "Ana."),))
        shown = outcome.answer(QUESTION, "scripted", {}).trace
        assert [text for _, text in shown.prompt] == model.calls[0][0]
        assert [role for role, _ in shown.prompt] == ["system", "user"]

    def test_holds_what_was_searched_and_found(self, run, found) -> None:
        shown = self.trace(run)
        assert (shown.question, shown.query, shown.query_weight) == (QUESTION, "", 0.0)
        assert shown.candidates == found.candidates
        assert [each.text for each in shown.sentences] == [SAID, TOLD]

    def test_becomes_json_and_comes_back(self, run) -> None:
        plain = self.trace(run).to_dict()
        back = json.loads(json.dumps(plain, allow_nan=False))
        assert set(back) == {
            "question", "query", "query_weight", "candidates", "prompt", "written", "sentences", "signals",
        }  # fmt: skip
        assert back["signals"] == plain["signals"]
        assert back["candidates"] == list(plain["candidates"])
        assert back["sentences"][0]["citations"][0]["quote"] == SAID

    @pytest.mark.parametrize("large", [False, True], ids=["exact", "chroma"])
    def test_is_json_with_either_index(self, library, embedder, settings, large: bool) -> None:
        put(library, "news", f"{SAID}\nOil is cheap.", embedder)
        if large:
            library.open_index()
        answered = Assistant(library, embedder, None, settings).ask(QUESTION)
        back = json.loads(json.dumps(answered.trace.to_dict(), allow_nan=False))
        assert [type(each["cosine"]) for each in back["candidates"]] == [float, float]

    def test_is_no_part_of_the_answers_own_json_nor_of_its_equality(self, run) -> None:
        _, outcome = run(ScriptedModel(SAID, "Yes", "June"))
        one, other = (outcome.answer(QUESTION, "m", {}) for _ in range(2))
        assert one == other
        assert "trace" not in one.to_dict()
        assert "Trace(" not in repr(one)


def test_callbacks_see_every_call_of_the_model(library, embedder, settings) -> None:
    class Watch(BaseCallbackHandler):
        def __init__(self) -> None:
            self.seen: list[str] = []

        def on_chat_model_start(self, serialized, messages, **kwargs) -> None:
            self.seen.append(messages[0][-1].text)

    put(library, "news", f"{SAID}\nOil is cheap.", embedder)
    put(library, "blog", OTHER, embedder)
    watch, local = Watch(), settings.model_copy(update={"llm": "local"})
    assistant = Assistant(library, embedder, ScriptedModel(SAID, "Yes", "June"), local)
    told = assistant.as_runnable().invoke(QUESTION, {"callbacks": [watch]})
    assert [each.value for each in told.conflicts] == ["June"]
    first, second, third = watch.seen
    assert first.endswith(f"Question: {QUESTION}\nAnswer:")
    assert second == CERTAIN
    assert (OTHER in third, third.endswith(BRIEF)) == (True, True)
