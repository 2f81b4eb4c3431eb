"""What is printed: words from outside act on nothing and hide nothing."""

from __future__ import annotations

import io

import pytest
from fakes import QUESTION, AngleEmbedder, ScriptedModel, document, put
from rich.console import Console

from rag.assistant import Assistant
from rag.library import Library
from rag.settings import Settings
from ui.terminal import documents_table, show_answer, words, write_text

HOSTILE = "A plane came from Libya\x1b]0;owned\x07 on 26 \u202eOctober [/bold] [red]now."
VISIBLE = "A plane came from Libya⟦U+001B⟧]0;owned⟦U+0007⟧ on 26 ⟦U+202E⟧October [/bold] [red]now."


def console() -> Console:
    return Console(file=io.StringIO(), width=200, highlight=False)


@pytest.mark.parametrize("llm", ["none", "local"])
def test_an_answer_prints_the_words_of_a_hostile_document_as_they_are(
    llm: str, library: Library, embedder: AngleEmbedder, settings: Settings
) -> None:
    put(library, "flights", HOSTILE, embedder, title="Fl\u202eights")
    model = ScriptedModel(HOSTILE) if llm == "local" else None
    assistant = Assistant(library, embedder, model, settings.model_copy(update={"llm": llm}))
    out = console()
    answer = show_answer(out, assistant.stream(QUESTION))
    printed = out.file.getvalue()
    assert VISIBLE in printed
    assert "Fl⟦U+202E⟧ights" in printed
    assert not {"\x1b", "\x07", "\u202e"} & set(printed)
    assert answer.quotes
    assert all(quote.quote == HOSTILE[quote.start : quote.end] for quote in answer.quotes)


def test_the_list_shows_what_a_title_hides() -> None:
    out = console()
    out.print(documents_table([document("a", "x", title="[b]\u200bTitle")]))
    assert "[b]⟦U+200B⟧Title" in out.file.getvalue()


def test_words_keep_their_style() -> None:
    assert words("a\u200b", "red").plain == "a⟦U+200B⟧"
    assert words("a", "red").style == "red"


class _Out(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.buffer = io.BytesIO()
        self.isatty = lambda: terminal


@pytest.mark.parametrize(("terminal", "written"), [(False, HOSTILE), (True, VISIBLE)])
def test_a_text_is_written_exactly_but_to_a_terminal(
    terminal: bool, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = _Out(terminal)
    monkeypatch.setattr("sys.stdout", out)
    write_text(HOSTILE)
    assert out.buffer.getvalue().decode() == written
