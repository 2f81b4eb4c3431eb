"""What is shown of the documents: the list, and the ledger of files being added (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rag.hidden import shown
from rag.types import Document
from ui.html import Html, element, join
from ui.parts import count, opener, render_error

if TYPE_CHECKING:
    from ingest.pipeline import Outcome, Progress

SHOWN = 1000
"""Documents in the list; a longer one is cut, and says so."""

_WORDS = {
    "waiting": "waiting",
    "reading": "reading…",
    "read": "in work…",
    "added": "added",
    "changed": "added in place of its old version",
    "same": "there already, unchanged",
    "failed": "could not be added",
}
_STAGES = {"finding": "Starting…", "reading": "Reading…", "embedding": "Embedding…", "indexing": "Indexing…"}


@dataclass(frozen=True, slots=True)
class Line:
    """One file of an upload, what becomes of it, and why if it failed."""

    name: str
    state: str = "waiting"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The files of an upload and what is being done with them; `error` says why all of it ended early."""

    lines: tuple[Line, ...] = ()
    stage: str = "finding"
    error: str | None = None


def after_progress(ledger: Ledger, progress: Progress) -> Ledger:
    """Return the ledger after a word from the pipeline."""
    lines = tuple(_moved(line, progress) for line in ledger.lines)
    return replace(ledger, lines=lines, stage=progress.stage)


def after_outcomes(ledger: Ledger, outcomes: Iterable[Outcome]) -> Ledger:
    """Return the ledger once all is done."""
    by_name = {outcome.path.name: outcome for outcome in outcomes}
    return replace(
        ledger, lines=tuple(_settled(line, by_name.get(line.name)) for line in ledger.lines), stage="done"
    )


def render_ledger(ledger: Ledger) -> Html:
    """Return the files of an upload, each with its state in words."""
    if not ledger.lines:
        return Html("")
    rows = (
        element(
            "li",
            element("bdi", line.name, class_="title"),
            element("span", _WORDS[line.state], class_="state"),
            element("span", line.note, class_="note", dir="auto") if line.note else None,
            class_=f"line {line.state}",
        )
        for line in ledger.lines
    )
    return element(
        "section",
        element("p", _summary(ledger), class_="label", role="status"),
        render_error(ledger.error) if ledger.error is not None else None,
        element("ul", *rows, class_="ledger"),
    )


def render_documents(documents: Sequence[Document]) -> Html:
    """Return the list of documents: title, kind, size, and why one was not read."""
    if not documents:
        return element("p", "No documents yet. Add some above: they stay on this machine.", class_="nothing")
    more = len(documents) - SHOWN
    return join(
        element("ul", *(_document(document) for document in documents[:SHOWN]), class_="documents"),
        element("p", f"And {more:,} more: 'footnote list' shows all.", class_="nothing")
        if more > 0
        else None,
    )


def _moved(line: Line, progress: Progress) -> Line:
    if progress.stage != "reading":
        return replace(line, state="read") if line.state == "reading" else line
    if line.name == progress.name:
        return replace(line, state="reading")
    return replace(line, state="read") if line.state == "reading" else line


def _settled(line: Line, outcome: Outcome | None) -> Line:
    if outcome is None:
        return line
    passages = count(outcome.n_passages, "passage") if outcome.kind != "failed" else ""
    note = " · ".join(part for part in (passages, outcome.reason) if part)
    return replace(line, state=outcome.kind, note=note)


def _summary(ledger: Ledger) -> str:
    if ledger.error is not None:
        return "Not finished"
    if ledger.stage in _STAGES:
        return _STAGES[ledger.stage]
    failed = sum(line.state == "failed" for line in ledger.lines)
    done = f"{count(len(ledger.lines) - failed, 'file')} in the library"
    return f"{done}, {failed} could not be added" if failed else done


def _document(document: Document) -> Html:
    name = unquote(document.uri).rpartition("/")[2]
    kind = name.rpartition(".")[2].upper() if "." in name else document.media_type
    facts = [kind]
    if document.n_pages:
        facts.append(count(document.n_pages, "page"))
    facts.append(count(document.n_passages, "passage"))
    if name != document.title:
        facts.append(name)
    return element(
        "li",
        opener("document", element("bdi", document.title), document=document.id, start=0, end=0)
        if document.n_passages
        else element("bdi", document.title, class_="document"),
        element("span", " · ".join(facts), class_="document-facts"),
        element(
            "button",
            "Remove",
            type="button",
            class_="remove",
            data_remove=document.id,
            data_title=shown(document.title),
            aria_label=f"Remove {document.title}",
        ),
        element("span", _why(document), class_="note", dir="auto") if document.status == "failed" else None,
        class_=document.status,
    )


def _why(document: Document) -> str:
    old = "; its last version still answers" if document.n_passages else ""
    return f"Could not be read: {document.error or 'no reason was given'}{old}"
