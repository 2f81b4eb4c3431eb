"""The few stand-ins that tests use; each has the interface of the real thing."""

from __future__ import annotations

import hashlib
import math
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from rag.assistant import Assistant
from rag.text.words import stems
from rag.types import Document, Passage, Text
from rag.vectors import TokenVectors

TOPICS = ("plane", "oil", "embassi", "minist", "money", "zebra", "river", "moon")


class AngleEmbedder:
    """Texts as directions: one axis a topic word, so that the right ranking is known by construction."""

    fingerprint = "fake:angles"
    dimensions = len(TOPICS) + 4
    max_tokens = 256

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]):
        self.texts += texts
        return np.array([self._one(text) for text in texts], np.float32).reshape(len(texts), self.dimensions)

    def _one(self, text: str) -> list[float]:
        found = stems(text)
        vector = [float(found.count(topic)) for topic in TOPICS]
        vector += [b / 2550 for b in hashlib.sha256(" ".join(found).encode()).digest()[:4]]
        length = math.sqrt(sum(x * x for x in vector)) or 1.0
        return [x / length for x in vector]

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        self.texts += texts
        found = []
        for text in texts:
            tokens = tuple(text[a:b].lower() for a, b in self.token_offsets(text)) or ("",)
            whole = np.array(self._one(text), np.float32)
            found.append(TokenVectors(whole, tokens, np.array([self._one(t) for t in tokens], np.float32)))
        return found

    def count_tokens(self, text: str) -> int:
        return len(self.token_offsets(text))

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]

    def warm(self) -> None:
        """Nothing to load."""


class _Script(GenericFakeChatModel):
    """Keeps what it is asked; tells log-probabilities where it has them and is asked for them."""

    calls: list[Any]
    chances: Mapping[str, float] | None

    def _stream(self, messages, stop=None, run_manager=None, **options):
        self.calls.append(([message.text for message in messages], options))
        for chunk in super()._stream(messages, stop, run_manager, **options):
            if options.get("logprobs") and self.chances is not None:
                chunk.message.response_metadata["logprobs"] = {"content": [self._told(chunk.text)]}
            yield chunk

    def _told(self, token: str) -> dict[str, Any]:
        each = [{"token": word, "logprob": math.log(chance)} for word, chance in self.chances.items()]
        return {"token": token, "logprob": math.log(0.5), "top_logprobs": each}


class ScriptedModel:
    """A chat model that says what it is told to, word by word.

    `calls` are the texts of the messages of each call, with its options. `chances` are the alternatives to
    each of its tokens with their probabilities; with None it tells no log-probabilities.
    """

    name = "scripted"

    def __init__(self, *answers: str, chances: Mapping[str, float] | None = None) -> None:
        self.answers = list(answers)
        self.chances = chances
        self.calls: list[tuple[list[str], dict[str, Any]]] = []
        self.started = 0
        self.closed = False
        self.error: Exception | None = None

    def start(self) -> None:
        self.started += 1

    def runnable(self) -> GenericFakeChatModel:
        if self.error is not None:
            raise self.error
        said = iter(AIMessage(self.answers.pop(0)) for _ in range(1))
        return _Script.model_construct(messages=said, calls=self.calls, chances=self.chances)

    def close(self) -> None:
        self.closed = True


class _Writing(GenericFakeChatModel):
    """Writes what the model that made it says, word by word."""

    by: Any

    def _stream(self, messages, stop=None, run_manager=None, **options):
        words = re.findall(r"\S+\s*", self.by.say(messages[-1].text))
        for number, word in enumerate(words[: options.get("max_tokens")]):
            self.by.before(number)
            yield ChatGenerationChunk(message=AIMessageChunk(word))


class WritingModel(ScriptedModel):
    """A chat model for many threads: what it writes is a function of what it is asked.

    It writes a word every `pace` seconds, waits before the word number `holds` until `gate` is set, and
    breaks before the word number `breaks`.
    """

    def __init__(self, say: Callable[[str], str], *, pace: float = 0.0) -> None:
        super().__init__()
        self.say = say
        self.pace = pace
        self.gate = threading.Event()
        self.holds: int | None = None
        self.waits = False
        self.breaks: int | None = None

    def before(self, number: int) -> None:
        if number == self.breaks:
            raise ConnectionError("the model is gone")
        if number == self.holds:
            self.waits = True
            self.gate.wait(600)
        time.sleep(self.pace)

    def runnable(self) -> GenericFakeChatModel:
        if self.error is not None:
            raise self.error
        return _Writing.model_construct(messages=iter(()), by=self)


def document(name: str, text: str, n_passages: int = 1, **facts) -> Document:
    known = {
        "id": name,
        "uri": f"file:///documents/{name}.txt",
        "title": name.title(),
        "media_type": "text/plain",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "n_chars": len(text),
        "n_pages": None,
        "n_passages": n_passages,
        "added_at": "2026-01-01T00:00:00+00:00",
    }
    return Document(**(known | facts))


def passages(name: str, text: str) -> list[Passage]:
    """Return each paragraph of the text as a passage."""
    found = []
    for match in re.finditer(r"[^\n]+", text):
        key = f"{name}:{match.start()}:{match.group()}"
        identity = hashlib.sha256(key.encode()).hexdigest()[:24]
        found.append(Passage(identity, name, match.group(), match.start(), match.end()))
    return found


def put(library, name: str, text: str, embedder: AngleEmbedder, **facts) -> list[Passage]:
    """Store a document whose passages are its paragraphs."""
    library.require(embedder.fingerprint)
    cut = passages(name, text)
    contexts = [name.title()] * len(cut)
    vectors = embedder.embed([f"{c}\n{p.text}" for c, p in zip(contexts, cut, strict=True)])
    library.put(document(name, text, len(cut), **facts), Text(text, "text/plain"), cut, contexts, vectors)
    return cut


TEXT = "A plane came from Libya on 26 October.\nThe minister spoke about oil.\nThe embassy reopened."
QUESTION = "When did the plane come from Libya?"


def says(assistant: Assistant, *answers: str) -> Assistant:
    """Let the scripted model of an assistant give these answers."""
    assistant._chat_model.answers = list(answers)
    return assistant
