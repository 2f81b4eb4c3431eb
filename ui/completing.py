"""What the shell offers on Tab: documents, collections and models, from the catalogue alone.

Shells evaluate what they are offered, and zsh does so twice: nothing of a document's words but letters,
digits and plain punctuation gets there.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import typer

from rag.errors import FootnoteError
from rag.settings_layers import load_settings

if TYPE_CHECKING:
    from rag.catalog import Catalog

Offers = list[tuple[str, str]]
"""Words with what they stand for, which some shells show beside them."""

MODELS = (
    ("local", "1.5 billion parameters, on this machine"),
    ("local-small", "0.5 billion parameters, on this machine"),
    ("none", "key quotes only"),
    ("openai:", "a model behind an OpenAI-compatible address"),
    ("anthropic:", "a model of Anthropic"),
    ("ollama:", "a model of an Ollama server"),
)
_TOLD_BY = "_FOOTNOTE_COMPLETE"
_PLAIN = re.compile(r"(?!-)[\w .,@+/-]+")
_OTHER = re.compile(r"[^\w.,@+/-]+")


def offered_models(incomplete: str) -> Offers:
    """Return what ``--llm`` may begin with."""
    return [each for each in MODELS if each[0].startswith(incomplete)]


def offered_measures(incomplete: str) -> Offers:
    """Return the measures of an evaluation."""
    from rag.evaluation.bench import MEASURES

    return [each for each in MEASURES.items() if each[0].startswith(incomplete)]


def offered_documents(context: typer.Context, incomplete: str) -> Offers:
    """Return the documents by their file names; by their ids where these are not plain, or shared."""
    return _offered(context, incomplete, document_names)


def offered_collections(context: typer.Context, incomplete: str) -> Offers:
    """Return the names of the collections."""
    return _offered(context, incomplete, collection_names)


def _offered(
    context: typer.Context, incomplete: str, read: Callable[[Catalog], Iterator[tuple[str, str]]]
) -> Offers:
    """Return what was read and begins as the word does; nothing where there is nothing to read."""
    from rag.catalog import Catalog
    from rag.storage.schema import SCHEMA_VERSION

    with suppress(FootnoteError, OSError):
        given: Path | None = context.params.get("library")
        with closing(Catalog.of(load_settings({"library": given}))) as catalog:
            if catalog.version == SCHEMA_VERSION:
                found = [(word, told) for word, told in read(catalog) if word.startswith(incomplete)]
                return [(_quoted(word), _OTHER.sub(" ", told).strip()) for word, told in found]
    return []


def document_names(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield each document's file name, or its id where that is not plain or is shared, with its title."""
    names = {each: unquote(each.uri).rpartition("/")[2] for each in catalog.documents()}
    times = Counter(names.values())
    for document, name in names.items():
        yield name if times[name] == 1 and _PLAIN.fullmatch(name) else document.id, document.title


def collection_names(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield each collection's name, or its id where that is not plain, with its number of documents."""
    from rag.people.collections import Collections

    for each in Collections(catalog).of(""):
        yield each.name if _PLAIN.fullmatch(each.name) else each.id, f"{each.n_documents} documents"


def _quoted(word: str) -> str:
    """Return a word as the shell wants it: bash puts it on the line as it is, the others quote it."""
    bash = os.environ.get(_TOLD_BY, "").endswith("_bash")
    return word.replace(" ", r"\ ") if bash else word
