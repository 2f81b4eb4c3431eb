"""A turn of the conversation: what is known of one question so far (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rag.people.conversation import State, StoredTurn
from rag.types import (
    Answer,
    AnswerFinished,
    Citation,
    Event,
    EvidenceFound,
    FoundPassage,
    Sentence,
    SentenceChecked,
    TextWritten,
)

CUT_OFF = "the answer was cut off when Footnote ended: ask again"


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what has come of it.

    `id` is that under which it is kept, `place` the number of answers that the model writes before this one,
    `paused` tells that a model's server is away and will be tried again, `verdict` and `note` are what the
    asker thinks of the answer. `written` is all text that the model wrote, and `checked` the number of its
    characters that belong to finished sentences; what lies after them still awaits its sources. `standalone`
    is the question as it was searched, where it followed up on others.
    """

    question: str
    searched: bool = False
    quotes: tuple[Citation, ...] = ()
    passages: tuple[FoundPassage, ...] = ()
    written: str = ""
    checked: int = 0
    sentences: tuple[Sentence, ...] = ()
    answer: Answer | None = None
    error: str | None = None
    stopped: bool = False
    id: str = ""
    place: int = 0
    paused: bool = False
    verdict: str = ""
    note: str = ""
    standalone: str = ""

    @property
    def pending(self) -> str:
        """The text that is still being written."""
        return "" if self.finished else self.written[self.checked :]

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        return self.stopped or self.error is not None or self.answer is not None

    @property
    def refused(self) -> bool:
        """Whether the documents do not hold the answer."""
        return self.answer is not None and self.answer.refused

    @property
    def extractive(self) -> bool:
        """Whether the answer is the key quotes themselves, because no model wrote one."""
        said = [sentence.text for sentence in self.sentences]
        return bool(said) and not self.written and said == [quote.quote for quote in self.quotes]

    @property
    def sources(self) -> tuple[Citation, ...]:
        """The distinct citations in reading order; a citation's number is its place here, from 1."""
        if self.answer is not None:
            return self.answer.sources
        cited = (citation for sentence in self.sentences for citation in sentence.citations)
        return tuple(dict.fromkeys((*cited, *self.quotes)))


def advance(turn: Turn, event: Event) -> Turn:
    """Return the turn after an event of its stream."""
    match event:
        case EvidenceFound(quotes, passages, standalone):
            return replace(turn, searched=True, quotes=quotes, passages=passages, standalone=standalone)
        case TextWritten(text=text):
            return replace(turn, written=turn.written + text)
        case SentenceChecked(sentence=sentence):
            checked = _end_of(sentence.text, turn.written, turn.checked)
            return replace(turn, sentences=(*turn.sentences, sentence), checked=checked)
        case AnswerFinished(answer=answer):
            return replace(
                turn,
                searched=True,
                quotes=answer.quotes,
                passages=answer.passages,
                sentences=answer.sentences,
                answer=answer,
            )


def news(before: Turn, after: Turn) -> Iterator[Event]:
    """Yield the events that lead from a turn to a later state of it; several pieces of text come as one."""
    if after.searched and not before.searched:
        yield EvidenceFound(after.quotes, after.passages, after.standalone or after.question)
    if len(after.written) > len(before.written):
        yield TextWritten(after.written[len(before.written) :])
    if after.written:
        for sentence in after.sentences[len(before.sentences) :]:
            yield SentenceChecked(sentence)
    if after.answer is not None and before.answer is None:
        yield AnswerFinished(after.answer)


def turn_of(stored: StoredTurn) -> Turn:
    """Return a turn that was kept as it was shown."""
    answer = stored.answer
    turn = Turn(
        stored.question,
        searched=answer is not None,
        id=stored.id,
        verdict=stored.verdict or "",
        note=stored.note,
    )
    if answer is not None:
        turn = replace(turn, quotes=answer.quotes, passages=answer.passages, sentences=answer.sentences)
    match stored.state:
        case "answered":
            return replace(turn, answer=answer)
        case "stopped":
            return replace(turn, stopped=True)
        case "failed":
            return replace(turn, error=stored.error)
        case _:
            return replace(turn, error=CUT_OFF)


def state_of(turn: Turn) -> State:
    """Return under which state a turn is kept."""
    if turn.stopped:
        return "stopped"
    if turn.error is not None:
        return "failed"
    return "answered" if turn.answer is not None else "asked"


def answer_of(turn: Turn, model: str) -> Answer | None:
    """Return what is kept of a turn's answer; of one that was stopped, what was checked until then."""
    if turn.answer is not None or not turn.searched:
        return turn.answer
    text = " ".join(sentence.text for sentence in turn.sentences)
    return Answer(
        turn.question, turn.question, turn.quotes, text, turn.sentences, turn.passages, False, 0.0, model
    )


def _end_of(sentence: str, written: str, start: int) -> int:
    """Return where a sentence ends in the text; its words count, not its white space."""
    at = start
    for word in sentence.split():
        found = written.find(word, at)
        if found < 0:
            return len(written)
        at = found + len(word)
    return at
