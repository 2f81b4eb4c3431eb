"""Evidence from a retriever that is not ours: its documents are passages, and their sentences the sources.

What a library knows beyond its best passages is not known here: how frequent a word is, and how many
passages there are. So every word of a question counts alike, and a passage's place in the retriever's order
is its score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np

from rag.errors import UsageError
from rag.evidence import spans_of
from rag.models import Embedder
from rag.retrieval.followup import FollowUp
from rag.retrieval.retrieve import mark_repeats
from rag.retrieval.search import Evidence, best_of, judged, understood
from rag.types import FoundPassage
from rag.vectors import embedded_text

if TYPE_CHECKING:
    from langchain_core.documents import Document
    from langchain_core.retrievers import RetrieverLike
    from langchain_core.runnables import RunnableConfig


def search_outside(
    retriever: RetrieverLike, embedder: Embedder, follow_up: FollowUp, k: int, config: RunnableConfig | None
) -> Evidence:
    """Return the evidence for a question in the `k` best documents that a retriever finds.

    A follow-up is searched twice, as it stands and with what it lacks. What the retriever raises passes
    through as it is.

    Raises:
        UsageError: it gives something else than LangChain's documents.
    """
    texts = [follow_up.question, follow_up.query] if follow_up.weight else [follow_up.question]
    found = [
        _passages(retriever.invoke(text, config), weight)
        for text, weight in zip(texts, (1.0, follow_up.weight), strict=False)
    ]
    passages = _seen(_merged(found), embedder)
    question, queries = understood(embedder, follow_up, lambda words: dict[str, int](), len(passages))
    vectors = np.stack([query.vector for query in queries])
    near = [replace(each, cosine=float((vectors @ vector).max())) for each, vector in passages]
    every = mark_repeats(near)
    chosen = [each for each in every if not each.repeats]
    spans = [replace(span, page=span.passage.page) for span in spans_of(chosen, {})]
    return judged(best_of(question, every, chosen, spans, embedder, k), follow_up)


def passage_of(document: Document) -> FoundPassage:
    """Return a document of LangChain's as a passage.

    Of its metadata, ``source`` or ``uri`` says where it is from, ``title``, ``page`` and ``page_label`` name
    the place, and ``start_index`` or ``start`` is where its text begins in that of the whole source; without
    it, offsets are into the document's own text.
    """
    told: Mapping[str, Any] = document.metadata
    text = document.page_content
    uri = str(told.get("uri") or told.get("source") or "")
    identity = hashlib.sha256(f"{uri}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
    start = _number(told.get("start_index", told.get("start"))) or 0
    return FoundPassage(
        id=str(told.get("passage_id") or document.id or identity[:24]),
        document_id=str(told.get("document_id") or uri or document.id or identity[:16]),
        text=text,
        start=start,
        end=start + len(text),
        page=_number(told.get("page_label")) or _number(told.get("page")) or None,
        uri=uri,
        title=str(told.get("title") or PurePosixPath(unquote(uri)).name or "untitled"),
    )


def _passages(documents: Sequence[Document], weight: float) -> list[FoundPassage]:
    """Return documents as passages; the first scores `weight`, and the others less, step by step."""
    if not all(hasattr(each, "page_content") for each in documents):
        raise UsageError("the retriever gives no documents of LangChain's: pass a BaseRetriever")
    full = [each for each in documents if each.page_content.strip()]
    return [replace(passage_of(each), score=weight * (1 - i / len(full))) for i, each in enumerate(full)]


def _merged(found: Sequence[Sequence[FoundPassage]]) -> list[FoundPassage]:
    """Return each passage once, best first, with the sum of its scores; the highest is 1."""
    scores: dict[str, float] = {}
    for passage in (each for passages in found for each in passages):
        scores[passage.id] = scores.get(passage.id, 0.0) + passage.score
    once = {passage.id: passage for passages in found for passage in passages}
    best = max(scores.values(), default=1.0)
    every = (replace(passage, score=scores[key] / best) for key, passage in once.items())
    return sorted(every, key=lambda passage: -passage.score)


def _seen(passages: Sequence[FoundPassage], embedder: Embedder) -> list[tuple[FoundPassage, Any]]:
    vectors = embedder.embed([embedded_text(each.title, each.text) for each in passages]) if passages else ()
    return list(zip(passages, vectors, strict=True))


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
