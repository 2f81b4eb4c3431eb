"""Answers on a terminal and on plain lines, from the same events."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator

import pytest
from fakes import QUESTION, TEXT, AngleEmbedder, ScriptedModel, put
from rich.console import Console

from rag.assistant import Assistant
from rag.errors import ModelUnavailable
from rag.library import Library
from rag.settings import Settings
from rag.types import AnswerFinished, Event, EvidenceFound, TextWritten
from ui.screens import LiveScreen, PlainScreen, screen_for

HOSTILE = "A plane came from Libya\x1b]0;owned\x07 on 26 \u202eOctober [/bold] [red]now."
VISIBLE = "A plane came from Libya⟦U+001B⟧]0;owned⟦U+0007⟧ on 26 ⟦U+202E⟧October [/bold] [red]now."
CURSOR = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


class Out(io.StringIO):
    """An output that says whether it is a terminal, and counts how often it was flushed."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.isatty = lambda: terminal
        self.flushed = 0

    def flush(self) -> None:
        self.flushed += 1
        super().flush()


def live(width: int = 200, height: int = 50, **options) -> LiveScreen:
    out = Out(True)
    options = {"force_terminal": True, "color_system": None} | options
    return LiveScreen(Console(file=out, width=width, height=height, highlight=False, **options))


def drawn(screen: LiveScreen) -> str:
    return screen._console.file.getvalue()


@pytest.fixture
def asked(library: Library, embedder: AngleEmbedder, settings: Settings, monkeypatch):
    """Return the events of a question about a text."""
    monkeypatch.setattr("rag.answering.written_confidence", lambda seen: 0.9)

    def ask(*said: str, text: str = TEXT, question: str = QUESTION) -> Iterator[Event]:
        put(library, "flights", text, embedder, title="Fl\u202eights")
        llm = "openai:some" if said else "none"
        model = ScriptedModel(*said) if said else None
        chosen = settings.model_copy(update={"llm": llm})
        return Assistant(library, embedder, model, chosen).stream(question)

    return ask


@pytest.mark.parametrize("said", [(), (HOSTILE,)], ids=["quotes", "written"])
@pytest.mark.parametrize("plain", [True, False])
def test_hostile_words_are_shown_as_they_are(said, plain: bool, asked) -> None:
    out = Out(False)
    screen = PlainScreen(out) if plain else live()
    answer = screen.answer(asked(*said, text=HOSTILE), "searching")
    shown = out.getvalue() if plain else drawn(screen)
    assert VISIBLE in shown
    assert "Fl⟦U+202E⟧ights" in shown
    assert not {"\x07", "\u202e"} & set(shown)
    assert "\x1b]" not in shown
    assert answer.quotes
    assert all(quote.quote == HOSTILE[quote.start : quote.end] for quote in answer.quotes)


def test_the_key_quotes_are_out_before_anything_is_written(asked) -> None:
    out = Out(False)
    seen = []

    def watched() -> Iterator[Event]:
        for event in asked("A plane came from Libya on 26 October."):
            seen.append((type(event), out.getvalue(), out.flushed))
            yield event

    PlainScreen(out).answer(watched(), "searching")
    at = {kind: (shown, flushed) for kind, shown, flushed in reversed(seen)}
    assert at[EvidenceFound] == ("", 0)
    shown, flushed = at[TextWritten]
    assert "Key quotes" in shown
    assert flushed


def test_plain_lines_take_nothing_back(asked) -> None:
    """A refused answer's sentences are not written at all: a pipe cannot be drawn again."""
    out = Out(False)
    said = "A plane came from Libya on 3 March."
    answer = PlainScreen(out).answer(asked(said), "searching")
    assert answer.refused
    assert said not in out.getvalue()


def test_a_terminal_is_drawn_again(asked) -> None:
    screen = live()
    said = "A plane came from Libya on 3 March."
    assert screen.answer(asked(said), "searching 3 passages").refused
    shown = drawn(screen)
    assert "searching 3 passages…" in shown
    assert CURSOR.search(shown)
    after = shown[shown.index("The model found no answer") :]
    assert said not in after


@pytest.mark.parametrize(("width", "height"), [(40, 6), (20, 3), (300, 60)])
def test_no_line_is_longer_than_the_terminal_is_wide(width: int, height: int, asked) -> None:
    screen = live(width, height)
    said = "A plane came from Libya on 26 October."
    screen.answer(asked(said), "searching")
    lines = CURSOR.sub("", drawn(screen)).replace("\r", "\n").splitlines()
    assert max(map(len, lines)) <= min(width, 110)


def test_an_answer_longer_than_the_terminal_shows_its_end() -> None:
    def events() -> Iterator[Event]:
        yield EvidenceFound((), (), "When?")
        yield TextWritten("\n".join(f"line {number:02}" for number in range(40)))
        time.sleep(0.5)  # long enough to be drawn
        raise KeyboardInterrupt

    screen = live(40, 6)
    with pytest.raises(KeyboardInterrupt):
        screen.answer(events(), "searching")
    growing = drawn(screen).partition("line 39")[0]
    assert [line for line in range(40) if f"line {line:02}" in growing] == [35, 36, 37, 38]


def drawn_lines(screen: LiveScreen) -> list[str]:
    return CURSOR.sub("", drawn(screen)).splitlines()


def test_no_colour_keeps_every_mark(asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = live(color_system="standard")
    screen.answer(
        asked("A plane came from Libya on 26 October. The zebra left for the moon in July 1999."), "searching"
    )
    assert not re.search(r"\x1b\[[0-9;]*[34][0-7]", drawn(screen))
    assert "[?]" in drawn(screen)
    assert "[1]" in drawn(screen)


def test_an_answer_that_breaks_off() -> None:
    for screen in (PlainScreen(Out(False)), live()):
        with pytest.raises(ModelUnavailable, match="broke off"):
            screen.answer(iter([EvidenceFound((), (), "When?")]), "searching")
        with pytest.raises(ModelUnavailable, match="broke off"):
            screen.answer(iter([]), "searching")


def test_what_was_written_stays_when_it_is_stopped() -> None:
    def events() -> Iterator[Event]:
        yield EvidenceFound((), (), "When?")
        yield TextWritten("It came on a")
        raise KeyboardInterrupt

    screen = live()
    with pytest.raises(KeyboardInterrupt):
        screen.answer(events(), "searching")
    assert drawn_lines(screen)[-1].startswith("It came on a")


@pytest.mark.parametrize(
    ("terminal", "term", "plain", "kind"),
    [
        pytest.param(True, "xterm", False, LiveScreen, id="terminal"),
        pytest.param(True, "xterm", True, PlainScreen, id="asked-for"),
        pytest.param(True, "dumb", False, PlainScreen, id="dumb-terminal"),
        pytest.param(False, "xterm", False, PlainScreen, id="pipe"),
    ],
)
def test_which_screen(terminal, term, plain, kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert type(screen_for(plain=plain, out=Out(terminal))) is kind


def test_what_else_a_conversation_says(asked) -> None:
    events = asked("A plane came from Libya on 26 October.")
    answer = next(each.answer for each in events if isinstance(each, AnswerFinished))
    for screen in (PlainScreen(Out(False)), live()):
        screen.say("no \x1b[31mcollection", wrong=True)
        screen.sources(answer)
        screen.opened("Ti\x1btle", "a ", "quote", " b", None)
        screen.explained(answer.trace)
        out = screen._out if isinstance(screen, PlainScreen) else screen._console.file
        shown = out.getvalue()
        for said in ("no ⟦U+001B⟧[31mcollection", "[1]", "Ti⟦U+001B⟧tle", "What was searched"):
            assert said in shown
