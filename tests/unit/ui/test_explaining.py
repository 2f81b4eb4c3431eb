"""The stages of a question in a terminal, and ``footnote ask --explain``."""

from __future__ import annotations

import io
import json

import pytest
from fakes import AngleEmbedder, ScriptedModel, put
from rich.console import Console
from typer.testing import CliRunner

from rag.library import Library
from rag.types import Candidate, Sentence, Trace
from ui.cli import app
from ui.explaining import explained

QUESTION = "When did the plane come from Libya?"
SAID = "A plane came from Libya on 26 October."
RULES = {
    "searched": "What was searched",
    "found": "What was found",
    "shown": "What the model was shown",
    "checked": "How each sentence was checked",
    "computed": "What the confidence was computed from",
}
HIT = Candidate("p1", "News [old]", 3, 40, 1.234, 0.5, 0.75, 0.8)
COPY = Candidate("p2", "Blog", None, 1200, None, 0.25, 0.5, 0.5, "says what a better passage of News says")


def printed(trace: Trace, **how: bool) -> str:
    console = Console(file=io.StringIO(), width=120, highlight=False)
    console.print(explained(trace, **how))
    return console.file.getvalue()


class TestExplained:
    def test_a_whole_trace_has_every_stage_in_order(self) -> None:
        shown = printed(
            Trace(
                QUESTION, "plane zebra", 1 / 3, (HIT, COPY), (("system", "Be brief."), ("user", "Sources:")),
                SAID, (Sentence(SAID, (), "supported", 0.91),), {"model's own yes": 0.7512},
            )
        )  # fmt: skip
        at = [shown.index(title) for title in RULES.values()]
        assert at == sorted(at)
        assert "at 0.33 of its weight: plane zebra" in shown
        assert shown.index("system") < shown.index("Be brief.") < shown.index("user")
        assert "model's own yes" in shown
        assert "0.751" in shown

    def test_a_plain_one_draws_no_lines(self) -> None:
        trace = Trace(QUESTION, "", 0.0, (HIT,), (), SAID, (Sentence(SAID),), {"a": 1.0})
        assert "──" in printed(trace)
        assert "─" not in printed(trace, plain=True)

    def test_a_question_refused_at_once_has_two(self) -> None:
        shown = printed(Trace(QUESTION, "", 0.0, (HIT,)))
        assert {name for name, title in RULES.items() if title in shown} == {"searched", "found"}
        assert "beside it" not in shown

    def test_candidates_say_where_they_stand_and_why_they_were_dropped(self) -> None:
        lines = [line.split() for line in printed(Trace(QUESTION, "", 0.0, (HIT, COPY))).splitlines()]
        assert ["BM25", "cosine", "fused", "score", "passage"] in lines
        assert ["1.23", "0.500", "0.750", "0.800", "News", "[old],", "page", "3"] in lines
        dropped = "– 0.250 0.500 0.500 Blog, at 1,200 dropped: says what a better passage of News says"
        assert dropped.split() in lines

    def test_sentences_say_what_no_source_has(self) -> None:
        said = Sentence("It came in [bold]July.", (), "unsupported", 0.4, ("26", "jul"))
        shown = printed(Trace(QUESTION, "", 0.0, (HIT,), sentences=(said,)))
        assert "It came in [bold]July.  in no source: 26, jul" in shown
        assert "unsupported" in shown
        assert "0.40" in shown

    @pytest.mark.parametrize("text", ["[red]not markup[/red]", "[/]", "[link=x]y"])
    def test_nothing_from_outside_is_markup(self, text: str) -> None:
        hit = Candidate("p", text, None, 0, None, 0.0, 0.0, 0.0)
        trace = Trace(text, text, 1.0, (hit,), (("user", text),), text, (Sentence(text, missing=(text,)),))
        assert printed(trace).count(text) == 6


class TestAsk:
    @pytest.fixture
    def ask(self, monkeypatch, tmp_path):
        """Run ``footnote ask`` on a small library; the model says what it is given, and is none without."""
        embedder = AngleEmbedder()
        with Library.open(tmp_path / "library", create=True) as library:
            put(library, "news", f"{SAID}\nThe minister spoke about oil.\n{SAID}", embedder)
        monkeypatch.setattr("rag.assistant_parts.make_embedder", lambda *_: embedder)
        monkeypatch.setattr("rag.answering.written_confidence", lambda seen: 0.9)
        monkeypatch.setenv("COLUMNS", "140")

        def call(*arguments: str, said: tuple[str, ...] = ()):
            model = ScriptedModel(*said) if said else None
            monkeypatch.setattr("rag.assistant_parts.make_chat_model", lambda *_: model)
            llm = "openai:some" if said else "none"
            result = CliRunner().invoke(app, ["ask", QUESTION, "--llm", llm, *arguments])
            refused = "no answer that the documents support" in result.output
            assert result.exit_code == (3 if refused else 0), result.output
            return result.stdout

        return call

    def test_explain_follows_the_answer(self, ask) -> None:
        shown = ask("--explain", said=(SAID,))
        at = [shown.index(title) for title in ("Key quotes", "Sources", *RULES.values())]
        assert at == sorted(at)
        assert f"Question: {QUESTION}" in shown
        assert "says what a better passage of News says" in shown

    def test_without_it_nothing_is_explained(self, ask) -> None:
        shown = ask(said=(SAID,))
        assert SAID in shown
        assert not any(title in shown for title in RULES.values())

    def test_explain_tells_the_sentences_of_a_refused_answer(self, ask) -> None:
        shown = ask("--explain", said=("A plane came from Libya on 3 March.",))
        assert "The model found no answer that the documents support." in shown
        assert "in no source: 3, mar" in shown

    def test_json_is_json_and_nothing_else(self, ask) -> None:
        answer = json.loads(ask("--explain", "--json", said=(SAID,)))
        trace = answer.pop("trace")
        assert trace["question"] == QUESTION
        assert trace["written"] == answer["answer"] == SAID
        assert [role for role, _ in trace["prompt"]] == ["system", "user"]
        assert any("better passage of News" in (each["dropped"] or "") for each in trace["candidates"])
        assert set(json.loads(ask("--json", said=(SAID,)))) == set(answer)

    def test_without_a_model_it_explains_the_quotes(self, ask) -> None:
        trace = json.loads(ask("--explain", "--json"))["trace"]
        assert trace["sentences"][0]["text"] == SAID
        assert (trace["prompt"], trace["written"], trace["signals"]) == ([], "", {})
