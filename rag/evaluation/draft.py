"""Questions about the user's own documents, drafted by the model for the user to edit.

A question whose passage the search does not find stays, marked: dropping it would leave only questions that
retrieval finds easy, and no evaluation could then show what it misses.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from rag.errors import FootnoteError
from rag.evaluation.candidate import accepted, alike, answering, asking, facts, fault, parse
from rag.library import Library
from rag.models import ChatModel, Embedder, translate
from rag.retrieval.followup import FollowUp
from rag.retrieval.retrieve import mark_repeats
from rag.retrieval.search import find
from rag.settings import Settings
from rag.text.words import words
from rag.types import Document, FoundPassage

NOT_FOUND = "the search does not find the passage among its best 5: is the question clear on its own?"
BEST = 5
TRIES = 6
"""Passages tried for each draft that is wanted; then the library cannot give so many."""

_FEWEST_WORDS = 12
_HEAVIEST = 16


@dataclass(frozen=True, slots=True)
class Draft:
    """A candidate question; `found` says whether the search finds its passage among the best `BEST`.

    `documents` are the shortest ends of their paths that name them in the library.
    """

    question: str
    answers: tuple[str, ...]
    documents: tuple[str, ...]
    found: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the line that ``footnote eval FILE`` reads; `check` is there for the user alone."""
        line: dict[str, Any] = {
            "question": self.question,
            "answers": list(self.answers),
            "document": list(self.documents),
            "answerable": True,
        }
        return line if self.found else line | {"check": NOT_FOUND}


@dataclass(frozen=True, slots=True)
class _Picked:
    """A passage, its title and headings as `context`, and the fact to ask for."""

    document: Document
    context: str
    text: str
    answer: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a passage: `fault` says why it gave no draft, None when it did."""

    title: str
    tried: int
    kept: int
    fault: str | None


def draft(
    library: Library,
    embedder: Embedder,
    chat_model: ChatModel,
    settings: Settings,
    n: int,
    *,
    seed: int = 0,
    on_attempt: Callable[[Attempt], None] | None = None,
) -> Iterator[Draft]:
    """Yield up to `n` drafts, each as soon as it is made; fewer when the library cannot give so many.

    Args:
        library: its documents are asked about, one passage each in turn.
        embedder: searches for the passage again.
        chat_model: writes the questions.
        settings: the chat model's, for its errors.
        n: how many drafts are wanted.
        seed: the same seed takes the same passages of the same library.
        on_attempt: called after each passage.

    Raises:
        LibraryError: the library cannot be read.
        ModelError: the model does not answer.
    """
    documents = [each for each in library.documents() if each.n_passages]
    ends = path_ends(documents)
    kept: list[Draft] = []
    for tried, picked in enumerate(_sample(library, documents, seed), 1):
        if len(kept) == n or tried > TRIES * n:
            return
        question, answers, why = _write(chat_model, settings, picked)
        if not why and any(alike(question, each.question) for each in kept):
            why = "much the same question as another"
        if not why:
            asked = FoundPassage("", picked.document.id, picked.text, 0, len(picked.text))
            found = _found(library, embedder, asked, question)
            owners = dict.fromkeys([picked.document.id, *found])
            kept.append(Draft(question, answers, tuple(ends[each] for each in owners), bool(found)))
        if on_attempt:
            on_attempt(Attempt(picked.document.title, tried, len(kept), why))
        if not why:
            yield kept[-1]


def ordered(texts: Sequence[str], random_: random.Random) -> list[int]:
    """Return the places of the texts to ask about, drawn without replacement, those rich in facts first.

    The weights of their facts count (Efraimidis and Spirakis 2006). A text of a few words, or without facts,
    is left out.
    """
    keys = {
        place: random_.random() ** (1 / min(_HEAVIEST, weight))
        for place, text in enumerate(texts)
        if len(words(text)) >= _FEWEST_WORDS and (weight := sum(facts(text).values()))
    }
    return sorted(keys, key=lambda place: -keys[place])


def path_ends(documents: Sequence[Document]) -> dict[str, str]:
    """Return for each document's id the shortest end of its path that is no other's; else its uri."""
    paths = {each.id: unquote(urlsplit(each.uri).path) for each in documents if each.uri.startswith("file:")}
    owners: dict[str, set[str]] = {}
    for identity, path in paths.items():
        for end in _ends(path):
            owners.setdefault(end, set()).add(identity)
    ends = {
        identity: next(end for end in _ends(path) if len(owners[end]) == 1)
        for identity, path in paths.items()
    }
    return {each.id: ends.get(each.id, each.uri) for each in documents}


def _ends(path: str) -> list[str]:
    """Return the ends of a path, shortest first, and last the whole."""
    parts = path.strip("/").split("/")
    return ["/".join(parts[-k:]) for k in range(1, len(parts) + 1)] + [path]


def _sample(library: Library, documents: Sequence[Document], seed: int) -> Iterator[_Picked]:
    """Yield passages, one of each document in turn, until all are used."""
    random_ = random.Random(seed)  # noqa: S311 - no secret
    order = sorted(documents, key=lambda each: each.uri)
    random_.shuffle(order)
    turns = deque(_passages(library, each, seed) for each in order)
    while turns:
        passages = turns.popleft()
        if (picked := next(passages, None)) is not None:
            yield picked
            turns.append(passages)


def _passages(library: Library, document: Document, seed: int) -> Iterator[_Picked]:
    """Yield a document's passages with a fact each; they are read when the first is wanted."""
    known = sorted(library.catalog.embedded(document.id))
    random_ = random.Random(f"{seed} {document.sha256}")  # noqa: S311 - no secret
    for place in ordered([text for _, text in known], random_):
        context, text = known[place]
        every = facts(text)
        weights = {fact: every[fact] for fact in every if fact not in context} or every
        [answer] = random_.choices(list(weights), list(weights.values()))
        yield _Picked(document, context, text, answer)


def _write(
    chat_model: ChatModel, settings: Settings, picked: _Picked
) -> tuple[str, tuple[str, ...], str | None]:
    """Return a question, the answers to accept, and what is wrong with it, None when nothing is."""
    context, text, answer = picked.context, picked.text, picked.answer
    question = parse(_say(chat_model, settings, asking(context, text, answer)))
    why = fault(question, answer)
    if why:
        return question, (), why
    answers = accepted(answer, _say(chat_model, settings, answering(context, text, question)))
    return question, answers, None if answers else "asked its own question, the model said something else"


def _say(chat_model: ChatModel, settings: Settings, messages: list[tuple[str, str]]) -> str:
    """Return the model's words; its library's errors become ours here."""
    try:
        return "".join(chunk.text for chunk in chat_model.runnable().stream(messages))
    except FootnoteError:
        raise
    except Exception as error:  # each provider raises its own kinds: this is the border
        raise translate(error, settings) from error


def _found(library: Library, embedder: Embedder, asked: FoundPassage, question: str) -> list[str]:
    """Return the documents among whose passages, of the best, is the one asked about, or nearly its copy."""
    best = find(library, embedder, FollowUp(question), BEST).passages
    return [each.document_id for each in best if mark_repeats([each, asked])[1].repeats]
