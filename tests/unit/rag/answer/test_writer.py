"""A chat model at work: its words, its log-probabilities, its yes, and its errors."""

from __future__ import annotations

import math

import pytest
from fakes import ScriptedModel
from langchain_core.callbacks import BaseCallbackHandler

from rag.answer.prompt import SYSTEM
from rag.answer.writer import Writer
from rag.errors import ModelError, ModelUnavailable

ASKED = [("system", "Be brief."), ("user", "When?")]


def writer(model: ScriptedModel, settings, llm: str = "local", config=None) -> Writer:
    return Writer(model, settings.model_copy(update={"llm": llm}), config)


class TestPrepare:
    def test_a_local_model_reads_what_all_prompts_begin_with(self, settings) -> None:
        model = ScriptedModel("I")
        writer(model, settings).prepare()
        [([system, user], options)] = model.calls
        assert (system, options["max_tokens"]) == (SYSTEM, 1)
        assert user.startswith("Sources:")

    def test_a_served_model_is_not_asked(self, settings) -> None:
        model = ScriptedModel("I")
        writer(model, settings, "openai:some").prepare()
        assert model.calls == []


class TestStream:
    def test_passes_the_words_on_as_they_come(self, settings) -> None:
        model = ScriptedModel("In May 2020.")
        assert list(writer(model, settings).stream(ASKED)) == ["In", " ", "May", " ", "2020."]
        assert model.calls[0][0] == ["Be brief.", "When?"]

    def test_keeps_the_log_probabilities_of_the_last_answer_alone(self, settings) -> None:
        asks = writer(ScriptedModel("In May.", "May.", chances={"x": 1.0}), settings)
        assert "".join(asks.stream(ASKED)) == "In May."
        assert asks.logprobs == [math.log(0.5)] * 3
        assert "".join(asks.stream(ASKED)) == "May."
        assert asks.logprobs == [math.log(0.5)]

    @pytest.mark.parametrize(
        ("llm", "chances"),
        [
            pytest.param("local", None, id="asked and not told"),
            pytest.param("openai:some", {"x": 1.0}, id="not asked"),
        ],
    )
    def test_has_none_of_a_model_that_does_not_tell(self, settings, llm: str, chances) -> None:
        asks = writer(ScriptedModel("In May.", chances=chances), settings, llm)
        assert "".join(asks.stream(ASKED)) == "In May."
        assert asks.logprobs == []

    @pytest.mark.parametrize(
        ("llm", "options"),
        [("local", {"logprobs", "top_logprobs"}), ("local-small", {"logprobs", "top_logprobs"}),
         ("openai:some", set()), ("anthropic:some", set()), ("ollama:some", set())],
    )  # fmt: skip
    def test_asks_only_local_models_for_them(self, settings, llm: str, options: set[str]) -> None:
        model = ScriptedModel("In May.")
        list(writer(model, settings, llm).stream(ASKED))
        assert {"logprobs", "top_logprobs"} & set(model.calls[0][1]) == options


class TestSay:
    @pytest.mark.parametrize(
        ("pieces", "said"), [(0, ""), (1, "In"), (3, "In May"), (99, "In May 2020.")], ids=str
    )
    def test_is_the_first_pieces(self, settings, pieces: int, said: str) -> None:
        assert writer(ScriptedModel("In May 2020."), settings).say(ASKED, pieces) == said

    def test_leaves_the_log_probabilities_of_the_answer(self, settings) -> None:
        asks = writer(ScriptedModel("In May.", "June.", chances={"x": 1.0}), settings)
        list(asks.stream(ASKED))
        assert asks.say(ASKED, 9) == "June."
        assert len(asks.logprobs) == 3


class TestChanceOfYes:
    @pytest.mark.parametrize(
        ("chances", "expected"),
        [
            pytest.param({"Yes": 0.6, "No": 0.2}, 0.75, id="against no alone"),
            pytest.param({"Yes": 0.5, "No": 0.25, "Maybe": 0.25}, 2 / 3, id="others do not count"),
            pytest.param({"Yes": 0.2, " yes": 0.2, "YES": 0.2, "no ": 0.2}, 0.75, id="case and space"),
            pytest.param({"Yes": 0.9}, 1.0, id="yes alone"),
            pytest.param({"No": 0.9}, 0.0, id="no alone"),
            pytest.param({"Perhaps": 0.9, "Yesterday": 0.1}, None, id="neither"),
            pytest.param({}, None, id="no alternatives"),
            pytest.param(None, None, id="not told"),
        ],
    )
    def test_is_the_share_of_yes(self, settings, chances, expected: float | None) -> None:
        asks = writer(ScriptedModel("Yes", chances=chances), settings)
        assert asks.chance_of_yes(ASKED) == (expected if expected is None else pytest.approx(expected))

    def test_asks_for_one_token(self, settings) -> None:
        model = ScriptedModel("Yes", chances={"Yes": 1.0})
        writer(model, settings).chance_of_yes(ASKED)
        [(_, options)] = model.calls
        assert (options["max_tokens"], options["logprobs"]) == (1, True)
        assert options["top_logprobs"] > 1

    def test_a_served_model_is_not_asked(self, settings) -> None:
        model = ScriptedModel("Yes", chances={"Yes": 1.0})
        assert writer(model, settings, "openai:some").chance_of_yes(ASKED) is None
        assert model.calls == []


CALLS = {
    "prepare": lambda asks: asks.prepare(),
    "stream": lambda asks: list(asks.stream(ASKED)),
    "say": lambda asks: asks.say(ASKED, 4),
    "chance_of_yes": lambda asks: asks.chance_of_yes(ASKED),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
class TestBorder:
    @pytest.mark.parametrize("error", [RuntimeError("of a provider"), OSError(5), KeyError("x")], ids=repr)
    def test_an_error_of_another_library_becomes_ours(self, settings, call, error: Exception) -> None:
        model = ScriptedModel()
        model.error = error
        with pytest.raises(ModelError) as told:
            call(writer(model, settings))
        assert told.value.__cause__ is error

    def test_an_error_of_ours_stays(self, settings, call) -> None:
        model = ScriptedModel()
        model.error = ModelUnavailable("the model is gone")
        with pytest.raises(ModelUnavailable) as told:
            call(writer(model, settings))
        assert told.value is model.error

    def test_callbacks_see_the_call(self, settings, call) -> None:
        class Watch(BaseCallbackHandler):
            seen = 0

            def on_chat_model_start(self, serialized, messages, **kwargs) -> None:
                self.seen += 1

        watch = Watch()
        call(writer(ScriptedModel("Yes", chances={"Yes": 1.0}), settings, config={"callbacks": [watch]}))
        assert watch.seen == 1
