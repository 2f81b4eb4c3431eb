"""Pictures of libraries in two dimensions, made in one thread and kept for as long as nothing changes."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.dense.sampling import Place, sample
from rag.errors import FootnoteError
from ui.answers import UNEXPECTED
from ui.visitors import documents_for

if TYPE_CHECKING:
    from rag.library import Library
    from rag.vectors import Matrix

MOST = 3000
"""Passages in a picture: t-SNE takes 7 s for as many on two cores (measured with 384 dimensions)."""

_KEPT = 16
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Picture:
    """The passages that one visitor may see, in two dimensions.

    Attributes:
        generation: of the library when it was begun.
        places: the passages, document by document.
        positions: of these, shape (n, 2), within -1..1; None before there is a first picture.
        total: passages of the library that the visitor may see.
        began: when it was begun, by the monotonic clock.
        done: whether it is the last word.
        error: why there is none.
    """

    generation: int
    places: tuple[Place, ...] = ()
    positions: Matrix | None = None
    total: int = 0
    began: float = 0.0
    done: bool = False
    error: str = ""


class Maps:
    """The pictures of a library, one for each visitor. Safe for threads."""

    def __init__(self, library: Library) -> None:
        """Make none yet."""
        self._library = library
        self._pictures: OrderedDict[str, Picture] = OrderedDict()
        self._waiting: list[str] = []
        self._mutex = threading.Lock()
        self._working = False

    def of(self, user: str) -> Picture:
        """Return the picture for a user as far as it is; one that is not done is being made."""
        generation = self._library.catalog.generation
        with self._mutex:
            picture = self._pictures.get(user)
            if picture is None or (picture.generation != generation and (picture.done or picture.error)):
                last = picture or Picture(generation)
                picture = replace(last, generation=generation, began=time.monotonic(), done=False, error="")
                self._keep(user, picture)
                self._waiting.append(user)
                if not self._working:
                    self._working = True
                    threading.Thread(target=self._work, name="map", daemon=True).start()
            return picture

    def _work(self) -> None:
        while True:
            with self._mutex:
                if not self._waiting:
                    self._working = False
                    return
                user = self._waiting.pop(0)
                picture = self._pictures.get(user)
            if picture is not None:
                self._make(user, picture)

    def _make(self, user: str, picture: Picture) -> None:
        from rag.dense.projection import clustered, flat

        try:
            seen = [document.id for document in documents_for(self._library, user) if document.n_passages]
            catalog = self._library.catalog
            with catalog.snapshot():
                taken = sample(catalog, seen, MOST)
                ids, vectors = catalog.vectors([place.passage_id for place in taken.places])
            by_id = {place.passage_id: place for place in taken.places}
            places = tuple(by_id[each] for each in ids)
            first = replace(picture, places=places, positions=flat(vectors), total=taken.total)
            self._keep(user, first)
            self._keep(user, replace(first, positions=clustered(vectors), done=True))
        except FootnoteError as error:
            self._keep(user, replace(picture, error=str(error)))
        except Exception:  # the border of a thread: the page must say something
            _LOG.exception("the map of the library failed")
            self._keep(user, replace(picture, error=UNEXPECTED))

    def _keep(self, user: str, picture: Picture) -> None:
        self._pictures[user] = picture
        self._pictures.move_to_end(user)
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
