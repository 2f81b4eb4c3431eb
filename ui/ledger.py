"""What is shown of files on their way into the library (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from rag.people.uploads import ALIVE, IN_HAND, Upload
from rag.text.wording import counted
from ui.html import Html, element
from ui.parts import first_upper

SHOWN = 8
"""Waiting files, and finished ones, that are shown each by itself; more are counted."""

_WORDS = {
    "waiting": "waiting",
    "reading": "reading…",
    "embedding": "embedding…",
    "storing": "storing…",
    "done": "done",
    "unchanged": "there already, unchanged",
    "failed": "could not be added",
    "cancelled": "cancelled",
}


def render_ledger(jobs: Sequence[Upload]) -> Html:
    """Return the files, those at hand first, each with its state in words and what can be done with it.

    Args:
        jobs: of one owner, oldest first.
    """
    alive = sum(job.state in ALIVE for job in jobs)
    settled = sum(job.state in ("done", "failed", "unchanged") for job in jobs)
    return element(
        "section",
        _head(jobs, alive) if jobs else None,
        element("ul", *_lines(jobs), class_="ledger-lines", aria_label="Files being added") if jobs else None,
        class_="ledger",
        data_alive=alive,
        data_settled=settled,
        data_say=summary(jobs),
    )


def summary(jobs: Sequence[Upload]) -> str:
    """Return how far it all is, in words."""
    alive = sum(job.state in ALIVE for job in jobs)
    failed = sum(job.state == "failed" for job in jobs)
    added = sum(job.state in ("done", "unchanged") for job in jobs)
    if alive:
        parts = [f"Adding {counted(alive, 'file')}"]
    else:
        parts = (
            [f"{counted(added, 'file')} in the library"] if added or failed else ["Cancelled"] * bool(jobs)
        )
    if alive and added:
        parts.append(f"{added:,} done")
    if failed:
        parts.append(f"{failed:,} could not be added")
    return ", ".join(parts)


def _head(jobs: Sequence[Upload], alive: int) -> Html:
    finished = len(jobs) - alive
    return element(
        "header",
        element("p", summary(jobs), class_="label"),
        element("button", "Clear the list", type="button", class_="quiet", data_clear=True)
        if finished
        else None,
        class_="ledger-head",
    )


def _lines(jobs: Sequence[Upload]) -> list[Html]:
    waiting = [job for job in jobs if job.state == "waiting"]
    finished = [job for job in jobs if job.state in ("done", "unchanged", "cancelled")][::-1]
    lines = [_line(job) for job in jobs if job.state in IN_HAND]
    lines += [_line(job) for job in waiting[:SHOWN]]
    lines += _more(len(waiting) - SHOWN, "waiting")
    lines += [_line(job) for job in jobs if job.state == "failed"]
    lines += [_line(job) for job in finished[:SHOWN]]
    lines += _more(len(finished) - SHOWN, "finished")
    return lines


def _more(n: int, what: str) -> list[Html]:
    return [element("li", f"and {n:,} more {what}", class_="line more")] if n > 0 else []


def _line(job: Upload) -> Html:
    return element(
        "li",
        element("bdi", job.name, class_="title"),
        element("span", _state(job), class_="state"),
        element("span", first_upper(job.note), class_="note", dir="auto") if job.note else None,
        element("span", *_actions(job), class_="line-actions"),
        class_=f"line {job.state}",
        data_upload=job.id,
    )


def _state(job: Upload) -> str:
    words = _WORDS[job.state]
    return f"{words}, {counted(job.n_passages, 'passage')}" if job.state == "done" else words


def _actions(job: Upload) -> list[Html]:
    if job.state == "storing":
        return []
    if job.state in ALIVE:
        return [_button("Cancel", job, data_end=job.id)]
    retry = [_button("Try again", job, data_retry=job.id)] if job.state == "failed" else []
    return [*retry, _button("Dismiss", job, data_end=job.id)]


def _button(words: str, job: Upload, **data: str) -> Html:
    return element("button", words, type="button", class_="quiet", aria_label=f"{words}: {job.name}", **data)
