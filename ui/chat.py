"""The page: its components, and the callbacks that join them to the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from ingest.load import SUPPORTED
from ui.asking import Asking
from ui.callbacks import Callbacks
from ui.frame import EXAMPLES, masthead, theme_switch
from ui.html import Html
from ui.library_page import library_frame

if TYPE_CHECKING:
    from rag.assistant import Assistant

HEAD = (
    '<meta name="color-scheme" content="light dark">'
    '<link rel="icon" type="image/svg+xml" href="/ui/icon.svg">'
    '<link rel="stylesheet" href="/ui/tokens.css">'
    '<link rel="stylesheet" href="/ui/page.css">'
    '<link rel="stylesheet" href="/ui/turn.css">'
    '<link rel="stylesheet" href="/ui/reader.css">'
    '<link rel="stylesheet" href="/ui/side.css">'
    '<link rel="stylesheet" href="/ui/settings.css">'
    '<link rel="stylesheet" href="/ui/scope.css">'
    '<link rel="stylesheet" href="/ui/session.css">'
    '<link rel="stylesheet" href="/ui/library.css">'
    '<link rel="stylesheet" href="/ui/map.css">'
    '<script type="module" src="/ui/library.js"></script>'
    '<script type="module" src="/ui/session.js"></script>'
    '<script type="module" src="/ui/footnote.js"></script>'
)

AT_ONCE = 32
"""Pages that follow an answer at the same time, each in a thread; more wait their turn."""

WAITING = 100
"""Questions that may wait; more are refused."""

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_FOLLOWS: dict[str, Any] = _QUIET | {"trigger_mode": "multiple", "concurrency_limit": AT_ONCE}
"""One event may come while another is followed, which then ends by itself. Gradio's own `cancels` works only
when the event that cancels has ended, and would end what came after it."""


def make_theme() -> gr.Theme:
    """Return a plain theme: all looks are in our own stylesheet, and no font comes from elsewhere."""
    return gr.themes.Base(
        font=["Inter Footnote", "system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    )


def build_page(assistant: Assistant, asking: Asking) -> gr.Blocks:
    """Return the page, ready to be mounted."""
    callbacks = Callbacks(assistant, asking)
    page: gr.Blocks
    with gr.Blocks(title="Footnote", analytics_enabled=False, fill_width=True) as page:
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
        with gr.Column(elem_id="settings"):
            _view("settings-page")
        opened = _view("opened")
        context = gr.Textbox(label="Context", elem_id="context", visible="hidden")
        refresh = gr.Button("Refresh", elem_id="refresh")
        resume = gr.Button("Resume", elem_id="resume")

        shown = [past, asked, answered, box, greeting, opened, *examples]
        for event, question in [(box.submit, box), *((example.click, example) for example in examples)]:
            event(callbacks.answer, [question, context], shown, concurrency_id="ask", **_FOLLOWS)
        resume.click(callbacks.resume, context, [*shown, facts], concurrency_id="resume", **_FOLLOWS)
        box.stop(callbacks.stop, context, concurrency_limit=None, **_QUIET)
        refresh.click(callbacks.overview, None, facts, **_QUIET, trigger_mode="always_last")
    page.queue(max_size=WAITING, default_concurrency_limit=AT_ONCE)
    return page


def _view(name: str, value: Html | str = "") -> gr.Markdown:
    """Return a component that shows our HTML as it is.

    It is Gradio's Markdown, because its HTML component evaluates templates, which the page's security policy
    forbids. Markup on one line passes Markdown unchanged; our own escaping stands in for its sanitizer,
    which would take away the labels that screen readers need.
    """
    return gr.Markdown(value, sanitize_html=False, latex_delimiters=[], elem_id=name, elem_classes="view")
