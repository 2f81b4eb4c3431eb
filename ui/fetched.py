"""The uploaded files that are kept in the catalogue, as files of this process: fetched when they are read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from rag.catalog import Catalog
from rag.maintenance.contents import Contents
from rag.storage.schema import translated
from ui.passing_folder import passing_folder

MOST = 50
"""Files that stay here; what was read longest ago goes first, and is fetched again."""


class Fetched:
    """Files by the uris of their documents. Safe for threads."""

    def __init__(self, catalog: Catalog) -> None:
        """Fetch nothing yet."""
        self._contents = Contents(catalog)
        self._mutex = threading.Lock()
        self._folder: Path | None = None
        self._here: OrderedDict[str, Path] = OrderedDict()

    def path(self, uri: str) -> Path | None:
        """Return where the file of a document is now; None where there is none.

        Raises:
            StorageError: there is no room for it here.
        """
        file = self._contents.file_of(uri)
        if file is None:
            return None
        with self._mutex:
            if file not in self._here:
                self._here[file] = self._fetch(file)
            self._here.move_to_end(file)
            while len(self._here) > MOST:
                self._here.popitem(last=False)[1].unlink(missing_ok=True)
            return self._here[file]

    def _fetch(self, file: str) -> Path:
        if self._folder is None:
            self._folder = passing_folder(self)
        path = self._folder / file
        with translated(path.parent), path.open("wb") as opened:
            for piece in self._contents.read(file):
                opened.write(piece)
        return path
