"""Who calls, and which documents they may see: a foreign one is not there at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from rag.errors import DocumentNotFound, UsageError
from rag.library import Library
from rag.people.access import may_change, may_read
from rag.types import Document

if TYPE_CHECKING:
    import gradio as gr

KEY = "footnote.user"
"""Where the sign-in leaves the name in the scope of a request."""

EVERYBODY = "*"
"""Who comes with a key that stands for nobody. No user can have this name, and no document be theirs: they
see what everybody may see."""


def visitor(request: HTTPConnection) -> str:
    """Return the name of who is signed in, or for whom an API key stands; empty where nobody has to sign in.

    Raises:
        KeyError: the request did not pass the gate; nobody's name must not stand for everybody's rights.
    """
    name: str = request.scope[KEY]
    return name


def signed_in(request: HTTPConnection) -> str | None:
    """Return the name of who is signed in, or None: Gradio then answers nothing of its own accord."""
    return request.scope.get(KEY) or None


def user_of(request: gr.Request) -> str:
    """Return the same for a callback of the page.

    Gradio hands on the very request that put an event in its queue, with the scope that the gate filled.

    Raises:
        KeyError: there is none.
    """
    if request.request is None:
        raise KeyError(KEY)
    return visitor(request.request)


def documents_for(library: Library, user: str) -> list[Document]:
    """Return the documents that a user may see, in the order of their titles."""
    return [document for document in library.documents() if may_read(document.uri, user)]


def document_for(library: Library, document_id: str, user: str, *, change: bool = False) -> Document:
    """Return a document that a user may see.

    Raises:
        DocumentNotFound: there is none, or it is another user's.
        UsageError: it is to be changed, and is everybody's.
    """
    document = library.document(document_id)
    if document is None or not may_read(document.uri, user):
        raise DocumentNotFound(f"no document '{document_id[:80]}' in the library: it may have been removed")
    if change and not may_change(document.uri, user):
        raise UsageError(
            f"'{document.title}' belongs to everybody here: only who runs Footnote can change it"
        )
    return document
