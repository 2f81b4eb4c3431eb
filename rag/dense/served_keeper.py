"""Keeps an index on a Chroma server equal to the catalogue, for every process that uses the library."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from rag.aside import beside
from rag.catalog import Catalog, Change
from rag.dense.chroma_server import QUESTION_S, UPKEEP_S, ChromaServer, ServedIndex
from rag.dense.index import ExactIndex, Hits
from rag.dense.index_records import ServedRecords
from rag.dense.served_hits import Held, nearest
from rag.dense.served_making import Maker
from rag.dense.without_index import Gap, require_room
from rag.errors import FootnoteError, IndexDamaged, IndexUnavailable, LibraryInUse
from rag.progress import Tick
from rag.settings import Settings
from rag.vectors import Matrix

LOOK_S = 10.0
"""Seconds after which an index in use is looked over again: its server may have been started anew."""

AGAIN_S, MOST_S = 5.0, 300.0
"""Seconds until a server that failed is tried again: twice as long each time, up to the second number."""

AT_ONCE = 500
"""Passages that wait, compared one by one, until they go to the server together."""

_log = logging.getLogger(__name__)


class ServedKeeper:
    """Answers from a collection on a Chroma server, and from the catalogue where the server cannot.

    The catalogue remembers the collection, and a number: all passages numbered up to it are in the
    collection. Those above it are compared one by one, and what the collection holds beyond the catalogue is
    passed over, so that the answers are right at every moment, whoever was killed when. What the catalogue
    remembers changes in its transactions, so that several processes may write; see `rag.dense.index_records`.

    Whatever goes wrong with the server costs time and nothing else, for a library that can be compared as a
    whole (`rag.dense.without_index.MOST_BYTES`); a larger one is not searched until the server is well. A
    thread looks the collection over from time to time, and sees to it that all becomes well again.
    """

    def __init__(self, catalog: Catalog, settings: Settings, may_write: Callable[[], bool]) -> None:
        """Answer by exact scan until `open` or `attach` is called.

        Args:
            catalog: has the vectors.
            settings: name the server.
            may_write: tells whether this process may change the catalogue.
        """
        self._catalog = catalog
        self._may_write = may_write
        self._records = ServedRecords(catalog)
        self._asking, self._working = ChromaServer(settings, QUESTION_S), ChromaServer(settings, UPKEEP_S)
        self._closing, self._poke = threading.Event(), threading.Event()
        self._maker = Maker(catalog, self._records, self._working, self._closing)
        self._exact, self._gap = ExactIndex(catalog), Gap(catalog)
        self._mutex = threading.RLock()
        self._held: Held | None = None
        self._trouble: IndexUnavailable | IndexDamaged | None = None
        self._attendant: threading.Thread | None = None
        self._arrived = 0
        self._gone: deque[str] = deque()

    # -- reading -----------------------------------------------------------------------------------------

    def begin(self, vector: Matrix, k: int) -> Callable[[], Hits]:
        """Begin to search; what is returned waits for the `k` nearest passages, best first.

        Raises, when it is waited for:
            IndexUnavailable: the server does not answer, and the library is too large to do without.
            IndexDamaged: the server lost the index of such a library.
        """
        held = self._held
        begun = None if held is None else beside(partial(held.index.search, vector, k))

        def found() -> Hits:
            if held is not None and begun is not None:
                try:
                    return self._found(held, begun, vector, k)
                except (IndexUnavailable, IndexDamaged) as error:
                    self._fail(error)
            require_room(self._catalog, len(vector), self._trouble)
            return self._exact.search(vector, k)

        return found

    def attach(self) -> bool:
        """Answer from the collection, if it is well; return whether nobody needs to make it now."""
        try:
            self._hold()
        except (IndexUnavailable, IndexDamaged) as error:
            self._fail(error)
        self._attend_from_now_on()
        return self._held is not None or isinstance(self._trouble, IndexUnavailable)

    def _found(self, held: Held, begun: Callable[[], Hits], vector: Matrix, k: int) -> Hits:
        state = self._records.read()
        if state.collection == held.index.name:
            held = replace(held, sure=state.sure)
        else:  # it answers until it is removed, or the new one is held
            self._poke.set()
        return nearest(self._catalog, self._gap, held, begun, vector, k)

    def _hold(self) -> None:
        """Answer from the collection that the catalogue names, after a look at it."""
        state = self._records.read()
        if not state.collection:
            self._held = None
            return
        index = self._asking.open(state.collection)
        self._maker.look(index, state, sample=True)
        self._held = Held(index, state.sure)
        if self._trouble is not None:
            _log.warning("the index on %s answers again", self._asking.address)
            self._trouble = None

    def _fail(self, error: IndexUnavailable | IndexDamaged) -> None:
        """Answer without the server, until the attendant finds it well."""
        self._held = None
        if type(self._trouble) is not type(error):
            _log.warning("%s: an exact scan answers meanwhile, where it can", error.what)
        self._trouble = error

    # -- writing -----------------------------------------------------------------------------------------

    def open(self, progress: Tick | None = None) -> None:
        """Bring the index up to the catalogue, or make it again beside the old one; the caller may write."""
        try:
            with self._mutex:
                self._maker.bring_up(progress)
                self._arrived = 0
                self._hold()
        except (IndexUnavailable, IndexDamaged) as error:
            self._fail(error)
        self._attend_from_now_on()

    def inspect(self) -> ServedIndex | None:
        """Return the collection, brought up to the catalogue; None where it is yet to be made.

        Raises:
            IndexDamaged: it has to be made again.
            IndexUnavailable: the server does not answer.
        """
        with self._mutex:
            return self._maker.tended(sample=True)

    def told(self) -> str:
        """Return in words where the index is, and how large."""
        name = self._records.read().collection
        try:
            n = self._working.open(name).count() if name else 0
        except (IndexUnavailable, IndexDamaged) as error:
            return error.what
        return f"index of {n} vectors on {self._working.address}"

    def rebuild(self, progress: Tick | None = None) -> None:
        """Make the index again beside the old one, whatever state that is in.

        Raises:
            IndexUnavailable: the server does not answer.
            IndexDamaged: it does not keep what it is given.
            LibraryInUse: another process makes it.
        """
        with self._mutex:
            if not self._maker.make(progress):
                raise LibraryInUse("another process makes the index on the Chroma server: wait until it has")
            self._hold()

    def discard(self) -> None:
        """Remove all of the library from the server; the index is made again when it is next opened.

        Raises:
            IndexUnavailable: the server does not answer: what was removed may still be in its collections.
        """
        self.close()
        with self._mutex:
            self._maker.discard()

    def apply(self, change: Change) -> None:
        """Let the attendant follow a change of the catalogue: nobody who writes waits for the server."""
        self._arrived += len(change.added)
        self._gone.extend(change.removed)
        if self._gone or self._arrived >= AT_ONCE:
            self._attend_from_now_on()
            self._poke.set()

    def close(self) -> None:
        """Give what waits to the server if it answers, and the connections back."""
        self._closing.set()
        self._poke.set()
        if self._attendant is not None:
            self._attendant.join()
            self._attendant = None
        try:
            if (self._arrived or self._gone) and self._trouble is None and self._may_write():
                self._follow()
                self._maker.tended(sample=False)
        except FootnoteError as error:  # it catches up when it is next opened
            _log.warning("the index on the Chroma server is behind the library: %s", error)
        self._held, self._trouble, self._arrived = None, None, 0
        self._gone.clear()
        self._asking.close()
        self._working.close()
        self._closing.clear()

    # -- the attendant -----------------------------------------------------------------------------------

    def _attend_from_now_on(self) -> None:
        if self._attendant is None:
            self._attendant = threading.Thread(target=self._attend, name="index attendant", daemon=True)
            self._attendant.start()

    def _attend(self) -> None:
        again = AGAIN_S
        while True:
            self._poke.wait(LOOK_S if self._trouble is None else again)
            self._poke.clear()
            if self._closing.is_set():
                return
            try:
                self._see_to_it()
            except (IndexUnavailable, IndexDamaged) as error:
                self._fail(error)
                again = min(2 * again, MOST_S)
            except FootnoteError as error:  # of the catalogue, which a question will meet as well
                _log.warning("the index on the Chroma server cannot be looked after: %s", error)
            else:
                again = AGAIN_S

    def _see_to_it(self) -> None:
        """Look whether the index is well; where it is not, make it so if this process may."""
        if self._trouble is None and self._may_write():
            self._follow()
        held, state = self._held, self._records.read()
        if held is not None and held.index.name == state.collection:
            self._maker.look(held.index, state, sample=False)
            return
        if held is None and self._may_write():
            with self._mutex:
                self._maker.bring_up(None)
        self._hold()

    def _follow(self) -> None:
        """Take out of the collection what went, and put in what came once it is enough."""
        with self._mutex:
            gone = [self._gone.popleft() for _ in range(len(self._gone))]
            if gone:
                self._maker.remove(gone)
            if self._arrived >= AT_ONCE:
                self._arrived = 0
                self._maker.keep_up()
