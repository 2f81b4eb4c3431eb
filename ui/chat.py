"""The page: its components, and the callbacks that join them to the engine."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ingest.load import SUPPORTED
from rag.errors import FootnoteError
from rag.types import Document
from rag.types import Turn as Said
from ui.frame import (
    EXAMPLES,
    fitting_examples,
    library_facts,
    masthead,
    theme_switch,
    welcome,
)
from ui.html import Html
from ui.library_page import library_frame
from ui.parts import Facts, render_error
from ui.render import render_conversation, render_question, render_written
from ui.runs import Runs
from ui.turn import Turn

if TYPE_CHECKING:
    import gradio as gr

    from rag.assistant import Assistant

HEAD = (
    '<meta name="color-scheme" content="light dark">'
    '<link rel="icon" type="image/svg+xml" href="/ui/icon.svg">'
    '<link rel="stylesheet" href="/ui/tokens.css">'
    '<link rel="stylesheet" href="/ui/page.css">'
    '<link rel="stylesheet" href="/ui/turn.css">'
    '<link rel="stylesheet" href="/ui/reader.css">'
    '<link rel="stylesheet" href="/ui/library.css">'
    '<link rel="stylesheet" href="/ui/map.css">'
    '<script type="module" src="/ui/footnote.js"></script>'
    '<script type="module" src="/ui/library.js"></script>'
)

AT_ONCE = 20
"""Questions answered at the same time; more wait their turn."""

WAITING = 100
"""Questions that may wait; more are refused."""

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def make_theme() -> gr.Theme:
    """Return a plain theme: all looks are in our own stylesheet, and no font comes from elsewhere."""
    import gradio as gr

    return gr.themes.Base(
        font=["Inter Footnote", "system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    )


def build_page(assistant: Assistant, runs: Runs) -> gr.Blocks:
    """Return the page, ready to be mounted."""
    import gradio as gr

    callbacks = Callbacks(assistant, runs)
    page: gr.Blocks
    with gr.Blocks(title="Footnote", analytics_enabled=False, fill_width=True) as page:
        turns = gr.State([])
        tab = gr.State(lambda: secrets.token_hex(16))
        with gr.Row(elem_id="top"):
            _view("masthead", masthead())
            facts = _view("facts")
            _view("theme", theme_switch())
        with gr.Column(elem_id="ask"):
            greeting = _view("welcome")
            with gr.Row(elem_id="examples"):
                examples = [gr.Button(question, visible=False) for question in EXAMPLES.values()]
            past = _view("past")
            with gr.Column(elem_id="live"):
                asked = _view("asked")
                answered = _view("answered")
            box = gr.Textbox(
                label="Question",
                show_label=False,
                placeholder="Ask your documents",
                lines=1,
                max_lines=8,
                submit_btn="Ask",
                container=False,
                autofocus=True,
                elem_id="question",
            )
        with gr.Column(elem_id="library"):
            _view("library-page", library_frame(SUPPORTED, assistant.settings.max_file_mb))
        refresh = gr.Button("Refresh", elem_id="refresh")

        asking = [past, asked, answered, box, turns, greeting, *examples]
        for event, question in [(box.submit, box), *((example.click, example) for example in examples)]:
            event(
                callbacks.answer,
                [question, tab, turns],
                asking,
                trigger_mode="once",
                concurrency_id="ask",
                concurrency_limit=AT_ONCE,
                **_QUIET,
            )
        box.stop(callbacks.stop, tab, concurrency_limit=None, **_QUIET)
        overview = [facts, greeting, *examples]
        for event in (page.load, refresh.click):
            event(callbacks.overview, turns, overview, **_QUIET)
    page.queue(max_size=WAITING, default_concurrency_limit=AT_ONCE)
    return page


class Callbacks:
    """What the page's events call; each yields or returns values for its outputs, in their order."""

    def __init__(self, assistant: Assistant, runs: Runs) -> None:
        self._assistant = assistant
        self._runs = runs

    def answer(self, question: str, tab: str, turns: list[Turn]) -> Iterator[list[Any]]:
        """Answer a question, showing each step."""
        import gradio as gr

        stays, begun = gr.skip(), False
        hidden = [gr.update(visible=False)] * len(EXAMPLES)
        if not question.strip():
            yield [stays] * (6 + len(EXAMPLES))
            return
        facts = self._facts()
        upper = ""
        for turn, seconds in self._runs.follow(tab, question.strip(), history_of(turns)):
            shown, lower = render_question(turn), render_written(turn, facts, seconds)
            box = gr.update(submit_btn="Ask", stop_btn=False) if turn.finished else stays
            if not begun:
                box = gr.update(value="", submit_btn=False, stop_btn="Stop")
            yield [
                stays if begun else render_conversation(turns, facts),
                stays if shown == upper else shown,
                lower,
                box,
                [*turns, turn] if turn.finished or not begun else stays,
                stays if begun else "",
                *([stays] * len(EXAMPLES) if begun else hidden),
            ]
            begun, upper = True, shown

    def stop(self, tab: str) -> None:
        """End the answer that a tab waits for."""
        self._runs.stop(tab)

    def overview(self, turns: list[Turn]) -> list[Any]:
        """Show what is in the library."""
        import gradio as gr

        try:
            documents = self._assistant.library.documents()
        except FootnoteError as error:
            return [gr.skip(), render_error(str(error)), *[gr.skip()] * len(EXAMPLES)]
        facts = _facts_of(documents, self._assistant.model)
        fitting = set() if turns else set(fitting_examples(documents))
        return [
            library_facts(facts),
            "" if turns else welcome(facts),
            *(gr.update(visible=question in fitting) for question in EXAMPLES.values()),
        ]

    def _facts(self) -> Facts:
        """Return the facts of the library; one that cannot be read says so when it is searched."""
        try:
            return _facts_of(self._assistant.library.documents(), self._assistant.model)
        except FootnoteError:
            return Facts(0, 0, self._assistant.model)


def history_of(turns: Sequence[Turn]) -> list[Said]:
    """Return the turns as the engine takes them; a refusal answered nothing."""
    answers = (turn.answer for turn in turns)
    texts = ("" if each is None or each.refused else each.text for each in answers)
    return [Said(turn.question, text) for turn, text in zip(turns, texts, strict=True)]


def _facts_of(documents: Sequence[Document], model: str) -> Facts:
    return Facts(len(documents), sum(document.n_passages for document in documents), model)


def _view(name: str, value: Html | str = "") -> gr.Markdown:
    """Return a component that shows our HTML as it is.

    It is Gradio's Markdown, because its HTML component evaluates templates, which the page's security policy
    forbids. Markup on one line passes Markdown unchanged; our own escaping stands in for its sanitizer,
    which would take away the labels that screen readers need.
    """
    import gradio as gr

    return gr.Markdown(value, sanitize_html=False, latex_delimiters=[], elem_id=name, elem_classes="view")
