"""``footnote ask``: its forms, its scopes, standard input, and exit codes."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from fakes import QUESTION, TEXT, AngleEmbedder, ScriptedModel, put
from typer.testing import CliRunner

from rag.assistant import Assistant
from rag.errors import FootnoteError
from rag.library import Library
from rag.people.collections import Collections
from rag.settings import Settings
from rag.types import AnswerFinished, EvidenceFound
from rag.wire import event_from_dict, event_to_dict
from ui.cli import app

SAID = "A plane came from Libya on 26 October."
WRONG = "A plane came from Libya on 3 March."
CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def embedder(monkeypatch) -> AngleEmbedder:
    made = AngleEmbedder()
    monkeypatch.setattr("rag.assistant_parts.make_embedder", lambda *_: made)
    monkeypatch.setattr("rag.answering.written_confidence", lambda seen: 0.9)
    return made


@pytest.fixture
def ask(monkeypatch, tmp_path, embedder):
    """Run ``footnote ask`` on two documents; the model says what it is given, and is none without."""
    with Library.open(tmp_path / "library", create=True) as library:
        put(library, "news", TEXT, embedder)
        put(library, "rivers", "The river rose in May.", embedder, title="Rivers")
        kept = Collections(library.catalog)
        kept.add(kept.create("My travels", "").id, ["rivers"], "")

    def call(*arguments: str, said: tuple[str, ...] = (), stdin: str | bytes | None = None):
        model = ScriptedModel(*said) if said else None
        call.model = model
        monkeypatch.setattr("rag.assistant_parts.make_chat_model", lambda *_: model)
        llm = "openai:some" if said else "none"
        return CliRunner().invoke(app, ["ask", "--llm", llm, *arguments], input=stdin)

    return call


@pytest.mark.parametrize("form", [(), ("--json",), ("--stream",), ("--plain",)])
@pytest.mark.parametrize(
    ("question", "said", "code"),
    [
        pytest.param(QUESTION, (SAID,), 0, id="answered"),
        pytest.param(QUESTION, (), 0, id="quoted"),
        pytest.param(QUESTION, (WRONG,), 3, id="refused-after-the-model"),
        pytest.param("What does mercury boil at?", (SAID,), 3, id="refused-before-it"),
    ],
)
def test_the_exit_code_says_whether_it_was_answered(ask, form, question: str, said, code: int) -> None:
    done = ask(question, *form, said=said)
    assert done.exit_code == code, done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("--json", "--stream", QUESTION), "choose one of", id="two-forms"),
        pytest.param(("-i", "--json"), "a conversation is for people", id="conversation-as-json"),
        pytest.param(
            ("-i", "--stream", QUESTION), "a conversation is for people", id="conversation-as-events"
        ),
        pytest.param(("-i", "-"), "reads its questions itself", id="conversation-from-a-dash"),
        pytest.param(("--explain", "--stream", QUESTION), "--explain goes with", id="events-explained"),
        pytest.param(("--nonsense", QUESTION), "No such option", id="unknown-option"),
    ],
)
def test_a_wrong_request(ask, arguments, message: str) -> None:
    done = ask(*arguments)
    assert done.exit_code == 2
    assert message in " ".join(re.sub(r"[│╭╮╰╯─]", "", done.output).split())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("",), 2, id="empty-question"),
        pytest.param(("--document", "zebra", QUESTION), 1, id="no-such-document"),
        pytest.param(("--collection", "zebra", QUESTION), 1, id="no-such-collection"),
        pytest.param(("-l", "/none", QUESTION), 1, id="no-library"),
    ],
)
def test_an_error_of_ours_has_its_exit_code(ask, arguments, code: int) -> None:
    done = ask(*arguments)
    assert isinstance(done.exception, FootnoteError)
    assert done.exception.exit_code == code
    assert done.output == ""


def test_a_question_without_its_quotes(ask) -> None:
    done = ask("When", "did", "flights", "resume")
    assert done.exit_code == 2
    assert "put the question between quotes" in done.output


def test_the_help_tells_the_exit_codes() -> None:
    shown = " ".join(CliRunner().invoke(app, ["ask", "--help"]).output.split())
    assert "Exit codes: 0 answered, 3 refused" in shown
    assert "1 an error, 2 a wrong request, 130 stopped by Ctrl-C." in shown


class TestForms:
    def test_every_form_is_the_same_answer(self, ask, library, embedder, settings: Settings) -> None:
        as_json = json.loads(ask(QUESTION, "--json", said=(SAID,)).output)
        lines = [json.loads(line) for line in ask(QUESTION, "--stream", said=(SAID,)).output.splitlines()]
        shown = ask(QUESTION, said=(SAID,)).output
        as_json.pop("timings")
        last = lines[-1]["answer"]
        last.pop("timings")
        assert last == as_json
        assert SAID in shown
        for number, quote in enumerate(as_json["quotes"], 1):
            assert f"[{number}] {quote['title']}: “{quote['quote']}”" in shown

    def test_events_are_those_of_the_engine(self, ask, tmp_path, embedder) -> None:
        events = [
            event_from_dict(json.loads(line))
            for line in ask(QUESTION, "--stream", said=(SAID,)).output.splitlines()
        ]
        settings = Settings(library=tmp_path / "library", llm="openai:some")
        with Library.open(tmp_path / "library") as library:
            assistant = Assistant(library, embedder, ScriptedModel(SAID), settings)
            expected = list(assistant.stream(QUESTION))
        assert isinstance(events[0], EvidenceFound)
        assert isinstance(events[-1], AnswerFinished)
        assert [event_to_dict(event) for event in events[:-1]] == [
            event_to_dict(event) for event in expected[:-1]
        ]
        assert events[-1].answer.sentences == expected[-1].answer.sentences

    @pytest.mark.parametrize("form", [(), ("--plain",)])
    def test_a_pipe_gets_no_colour_no_boxes_and_nothing_twice(self, ask, form, monkeypatch) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "20")
        shown = ask(QUESTION, *form, said=(SAID,)).output
        assert not re.search(r"[\x1b\r│─╭⠋]", shown)
        assert shown.count(f"{SAID} [1]") == 1
        assert f"[1] News: “{SAID}”" in shown.splitlines()


class TestScope:
    @pytest.mark.parametrize(
        ("arguments", "found"),
        [
            pytest.param((), {"news", "rivers"}, id="all"),
            pytest.param(("--document", "Rivers"), {"rivers"}, id="a-document"),
            pytest.param(("--collection", "my travels"), {"rivers"}, id="a-collection"),
            pytest.param(("--collection", "My travels", "--document", "news"), {"news", "rivers"}, id="both"),
            pytest.param(("--document", "news", "--document", "rivers"), {"news", "rivers"}, id="several"),
        ],
    )
    def test_only_what_is_named_is_searched(self, ask, arguments, found: set[str]) -> None:
        told = json.loads(ask(QUESTION, "--json", *arguments).output)
        assert {passage["document_id"] for passage in told["passages"]} == found


class TestStandardInput:
    @pytest.mark.parametrize("arguments", [("-",), ()])
    @pytest.mark.parametrize("form", ["plain", "bom", "spaces"])
    def test_the_question_is_read_there(self, ask, arguments, form: str) -> None:
        text = {"plain": QUESTION, "bom": f"\ufeff{QUESTION}", "spaces": f"\n {QUESTION}\n\n"}[form]
        told = json.loads(ask("--json", *arguments, stdin=text.encode()).output)
        assert told["question"] == QUESTION

    @pytest.mark.parametrize(
        ("stdin", "message"),
        [
            pytest.param(b"", "standard input holds no question", id="nothing"),
            pytest.param(b"\xef\xbb\xbf \n\t\n", "standard input holds no question", id="blanks"),
            pytest.param(b"x" * 5000, "5,000 characters", id="too-long"),
            pytest.param(b"x" * (2 << 20), "characters and may have 4,000", id="far-too-long"),
        ],
    )
    def test_what_is_no_question(self, ask, stdin: bytes, message: str) -> None:
        done = ask(stdin=stdin)
        assert isinstance(done.exception, FootnoteError)
        assert message in str(done.exception)
        assert done.exception.exit_code == 2

    def test_what_is_no_text_is_asked_as_far_as_it_is(self, ask) -> None:
        told = json.loads(ask("--json", stdin=b"When did the plane \xff come from Libya?").output)
        assert told["question"] == "When did the plane \ufffd come from Libya?"

    def test_a_conversation_may_be_piped(self, ask) -> None:
        done = ask("-i", stdin=f"{QUESTION}\n/scope Rivers\n/open 1\n/quit\nmore\n")
        assert done.exit_code == 0
        assert done.output.count("Key quotes") == 1
        assert "Questions search Rivers." in done.output
        assert "Where it stands:" in done.output
        assert "> " not in done.output

    @pytest.mark.parametrize(("arguments", "started"), [(("-i",), 1), (("--plain", "Zebras?"), 0)])
    def test_a_conversation_loads_its_model_before_a_question(self, ask, arguments, started: int) -> None:
        ask(*arguments, said=(SAID,), stdin="")
        assert ask.model.started == started
        assert ask.model.closed

    def test_it_begins_with_the_question_that_is_given(self, ask) -> None:
        assert SAID in ask("-i", QUESTION, stdin="").output


def test_make_passes_a_refusal_on_as_no_failure(tmp_path) -> None:
    """`make ask` fails where the command failed, and not where the documents do not answer."""
    shown = subprocess.run(
        ["make", "--dry-run", "--silent", "ask", "Q=x"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    recipe = next(line for line in shown.splitlines() if "footnote ask" in line)
    for code, passed in ((0, 0), (3, 0), (1, 1), (2, 1)):
        tried = re.sub(r"^\S*footnote ask \S+ --library \S+", f"(exit {code})", recipe)
        assert subprocess.run(["bash", "-c", tried], check=False).returncode == passed
