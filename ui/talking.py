"""A conversation in a terminal: questions and commands in, answers out, until the reader ends."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Generator, Sequence

from rag.errors import CollectionNotFound, DocumentNotFound, FootnoteError, UsageError
from rag.retrieval.choosing import choose
from rag.text.wording import counted
from rag.types import Answer, Turn
from ui.completing import collection_names, document_names
from ui.engine import Engine
from ui.quoted import locate
from ui.screens import Screen

Reader = Callable[[str], str]
"""From a prompt to a line, as `input`: EOFError where there are no more, KeyboardInterrupt on Ctrl-C."""

COMMANDS = {
    "/new": "begin another conversation",
    "/sources": "show the sources of the last answer again",
    "/open N": "show source N where it stands in its document",
    "/scope": "say what is searched",
    "/scope NAME": "search only this collection or document; several names go between quotes",
    "/scope all": "search everything again",
    "/help": "show these commands",
    "/quit": "leave, as Ctrl-D does; Ctrl-C stops an answer",
}
_COMMAND = re.compile(r"/([a-z]+)(?:\s+(.*))?", re.DOTALL)
_AROUND = 400


class Talk:
    """One conversation: what was said, what is searched, and the last answer."""

    def __init__(
        self,
        engine: Engine,
        screen: Screen,
        *,
        collections: Sequence[str] = (),
        documents: Sequence[str] = (),
        explain: bool = False,
    ) -> None:
        """Begin with nothing said; the scope is named as in `rag.retrieval.choosing.choose`.

        Raises:
            CollectionNotFound, DocumentNotFound, UsageError: as `choose` does.
        """
        self._engine = engine
        self._screen = screen
        self._explain = explain
        self._history: list[Turn] = []
        self._last: Answer | None = None
        self._choose(collections, documents)

    def ask(self, question: str) -> Answer:
        """Show the answer to a question, and remember it.

        Raises:
            QuestionError, LibraryError, ModelError: as `Assistant.stream` does.
        """
        events = self._engine.ask(question, tuple(self._history), self._within)
        try:
            answer = self._screen.answer(events, f"searching {self._scope}")
        finally:
            if isinstance(events, Generator):  # one that was stopped lets its model go
                events.close()
        if self._explain and answer.trace is not None:
            self._screen.explained(answer.trace)
        self._history.append(Turn(question, "" if answer.refused else answer.text))
        self._last = answer
        return answer

    def offered(self, line: str) -> list[str]:
        """Return what a line may go on to: commands, numbers of sources, names of what can be searched."""
        if line.startswith("/open "):
            n_sources = len(self._last.sources) if self._last is not None else 0
            whole = [f"/open {number}" for number in range(1, n_sources + 1)]
        elif line.startswith("/scope "):
            catalog = self._engine.library.catalog
            names = (name for named in (collection_names, document_names) for name, _ in named(catalog))
            whole = [f"/scope {name}" for name in ("all", *names)]
        else:
            whole = list(dict.fromkeys(command.split()[0] for command in COMMANDS))
        return [each for each in whole if each.casefold().startswith(line.casefold())]

    def go_on(self, read: Reader, first: str = "") -> None:
        """Answer a first question, and what is read until there is no more; what goes wrong ends nothing."""
        self._screen.say(f"Ask about {self._scope}; /help shows the commands, /quit leaves.")
        if first:
            self._do(first)
        while True:
            try:
                line = read(self._screen.prompt).strip()
            except EOFError:
                return
            except KeyboardInterrupt:
                self._screen.say("Ctrl-D or /quit leaves.")
                continue
            if line in ("/quit", "/exit"):
                return
            if line:
                self._do(line)

    def _do(self, line: str) -> None:
        command = _COMMAND.fullmatch(line)
        try:
            if command is None:
                self.ask(line)
            else:
                self._command(command[1], (command[2] or "").strip())
        except KeyboardInterrupt:
            self._screen.say("Stopped.")
        except FootnoteError as error:
            self._screen.say(str(error), wrong=True)

    def _command(self, name: str, rest: str) -> None:
        match name:
            case "help":
                for each, meaning in COMMANDS.items():
                    self._screen.say(f"{each}: {meaning}")
            case "new":
                self._history.clear()
                self._last = None
                self._screen.say("A new conversation.")
            case "sources":
                self._screen.sources(self._answered())
            case "open":
                self._open(rest)
            case "scope":
                self._change_scope(rest)
            case _:
                raise UsageError(f"no command '/{name}': /help shows them")

    def _answered(self) -> Answer:
        if self._last is None:
            raise UsageError("nothing has been answered yet: ask a question first")
        return self._last

    def _open(self, number: str) -> None:
        sources = self._answered().sources
        if not sources:
            raise UsageError("the last answer has no sources")
        if not (number.isascii() and number.isdigit() and 1 <= int(number) <= len(sources)):
            raise UsageError(f"name a source of the last answer by its number, 1 to {len(sources)}: /open 1")
        at = sources[int(number) - 1]
        if self._engine.library.document(at.document_id) is None:
            raise UsageError(f"'{at.title}' is not in the library any more")
        text = self._engine.library.text(at.document_id)
        found = locate(text, (at.start, at.end), at.quote)
        before, quoted, after = surroundings(text, *found.span) if found.span[1] else ("", at.quote, "")
        where = f"{at.title}, page {at.page}" if at.page else at.title
        self._screen.opened(where, before, quoted, after, found.notice)

    def _change_scope(self, rest: str) -> None:
        if rest == "all":
            self._choose((), ())
        elif rest:
            self._choose(*self._named(rest))
        self._screen.say(f"Questions search {self._scope}.")

    def _named(self, rest: str) -> tuple[list[str], list[str]]:
        """Return what is named as collections and documents: all of the words as one name, or several names.

        Raises:
            DocumentNotFound: a name is neither.
        """
        try:
            return self._sorted([rest])
        except DocumentNotFound:
            try:
                names = shlex.split(rest)
            except ValueError:  # a quotation mark that is a part of the name
                names = [rest]
            if names == [rest]:
                raise
        return self._sorted(names)

    def _sorted(self, names: Sequence[str]) -> tuple[list[str], list[str]]:
        collections, documents = [], []
        for name in names:
            try:
                choose(self._engine.library, [name])
                collections.append(name)
            except CollectionNotFound:
                documents.append(self._engine.library.find(name).id)
        return collections, documents

    def _choose(self, collections: Sequence[str], documents: Sequence[str]) -> None:
        self._within = choose(self._engine.library, collections, documents)
        self._scope = scope_words(self._engine, self._within, collections)


def scope_words(engine: Engine, within: frozenset[str] | None, collections: Sequence[str] = ()) -> str:
    """Return what is searched, in words."""
    if within is None:
        n_passages, n_documents = len(engine.library), engine.library.catalog.n_documents
        return f"{counted(n_passages, 'passage')} in {counted(n_documents, 'document')}"
    named = ", ".join(collections)
    if len(within) == 1 and not named:
        document = engine.library.document(next(iter(within)))
        return document.title if document is not None else "1 document"
    return f"{counted(len(within), 'document')}" + (f" ({named})" if named else "")


def surroundings(text: str, start: int, end: int) -> tuple[str, str, str]:
    """Return a span of a text with some of what stands before and after it, cut between words."""
    left, right = max(0, start - _AROUND), min(len(text), end + _AROUND)
    before, after = text[left:start], text[end:right]
    if left and (space := re.search(r"\s", before)):
        before = f"… {before[space.end() :].lstrip()}"
    if right < len(text) and (spaces := list(re.finditer(r"\s", after))):
        after = f"{after[: spaces[-1].start()].rstrip()} …"
    return before, text[start:end], after
