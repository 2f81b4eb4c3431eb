"""A Chroma server: its collections by their names, with time-outs, and with errors of our own."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rag.dense.chroma_api import api_at, headers_of, only_place
from rag.dense.chroma_errors import Translated, translated
from rag.dense.index import CollectionIndex, Wire, settings_for
from rag.errors import IndexUnavailable
from rag.settings import Settings

QUESTION_S, UPKEEP_S = 10.0, 120.0
"""Seconds to wait for the answer to a question, and to a call that changes or counts a collection."""

PAYLOAD = 900_000
"""Most bytes of a request: nginx refuses above 1 MB unless it is told otherwise."""

_ROWS = 4000
"""Most ids of a request, each of 24 letters."""

_MARK = "reaches"
"""Name in a collection's metadata of the passage number up to which it was filled."""

_PAGE = 500
"""Collections that are listed at once."""


class ServedIndex(CollectionIndex):
    """A collection on a server."""

    def __init__(self, name: str, server: ChromaServer, collection: Any) -> None:
        """Use an open collection."""
        super().__init__(Translated(collection, server.address), Wire(server.rows, PAYLOAD))
        self.name = name
        self._server = server

    def reaches(self) -> int:
        """Return the passage number up to which it says that it was filled, as the server has it now."""
        return int((self._server.model(self.name).metadata or {}).get(_MARK, -1))

    def reach(self, number: int) -> None:
        """Note in the collection that it was filled up to this passage number."""
        self._collection.modify(metadata={_MARK: number})


class ChromaServer:
    """The server of the setting `chroma`. Nothing is connected before the first call. Safe for threads."""

    def __init__(self, settings: Settings, timeout_s: float) -> None:
        """Connect to nothing yet; every call ends after `timeout_s` seconds."""
        parts = urlsplit(settings.chroma or "")
        self.address = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
        """The address as messages name it: without what stands behind a question mark."""
        self._given = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._headers = headers_of(settings)
        self._timeout_s = timeout_s
        self._mutex = threading.Lock()
        self._api: Any = None
        self._place: dict[str, str] = {}

    @property
    def rows(self) -> int:
        """Most records that the server takes at once."""
        with translated(self.address):
            return min(_ROWS, int(self._connected().get_max_batch_size()))

    def create(self, name: str, count: int = 0) -> ServedIndex:
        """Make a collection that is to hold `count` vectors."""
        with translated(self.address):
            api = self._connected()
            model = api.create_collection(
                name=name,
                configuration=settings_for(count),
                metadata={_MARK: -1},
                **self._place,
            )
        return self._index(name, model)

    def open(self, name: str) -> ServedIndex:
        """Return a collection that is there.

        Raises:
            IndexDamaged: it is not there.
            IndexUnavailable: the server does not answer.
        """
        return self._index(name, self.model(name))

    def model(self, name: str) -> Any:
        """Return what the server says of a collection."""
        with translated(self.address):
            return self._connected().get_collection(name=name, **self._place)

    def delete(self, name: str) -> None:
        """Remove a collection; one that is not there is passed over."""
        with translated(self.address):
            api = self._connected()
            try:
                api.delete_collection(name=name, **self._place)
            except Exception as error:
                if type(error).__name__ != "NotFoundError":
                    raise

    def names(self, beginning: str) -> list[str]:
        """Return the names of the collections that begin so."""
        found: list[str] = []
        with translated(self.address):
            api = self._connected()
            for at in range(0, api.count_collections(**self._place), _PAGE):
                found += (m.name for m in api.list_collections(limit=_PAGE, offset=at, **self._place))
        return sorted(name for name in set(found) if name.startswith(beginning))

    def close(self) -> None:
        """Give the connections back."""
        with self._mutex:
            if self._api is not None:
                self._api._session.close()
                self._api = None

    def _index(self, name: str, model: Any) -> ServedIndex:
        from chromadb.api.models.Collection import Collection

        with translated(self.address):
            collection = Collection(self._connected(), model, embedding_function=None, data_loader=None)
        return ServedIndex(name, self, collection)

    def _connected(self) -> Any:
        """Return the API of the server; its tenant and database are the given ones, or the only ones."""
        with self._mutex:
            if self._api is None:
                api = api_at(self.address, self._headers, self._timeout_s)
                try:
                    self._find_place(api)
                except BaseException:
                    api._session.close()
                    raise
                self._api = api
            return self._api

    def _find_place(self, api: Any) -> None:
        """Find out the tenant and the database; those that were given have to be there."""
        self._place = self._given if len(self._given) == 2 else only_place(api) | self._given
        if not self._given:
            return
        tenant, database = self._place["tenant"], self._place["database"]
        try:
            api.get_database(database, tenant)
        except Exception as error:
            if type(error).__name__ != "NotFoundError":
                raise
            raise IndexUnavailable(
                f"the Chroma server {self.address} has no database '{database}' of the tenant '{tenant}'",
                advice="make it there, or correct the setting 'chroma'",
            ) from None
