"""The files that documents were made from: opened safely, and only as long as they are the same."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from io import BufferedReader
from pathlib import Path

from ingest.files import open_file, shown
from ingest.limits import DEFAULT_LIMITS, Limits
from rag.errors import LoadError, OriginalGone
from rag.maintenance.contents import is_kept
from rag.text.naming import path_of
from rag.types import Document
from ui.fetched import Fetched

_KNOWN = 1000
_State = tuple[int, int, int, int, int]


class Originals:
    """Opens the files of documents; what each was when its content was last checked is remembered."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, fetched: Fetched | None = None) -> None:
        self._limits = limits
        self._fetched = fetched
        self._checked: OrderedDict[tuple[str, str], _State] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, document: Document) -> BufferedReader:
        """Return the file of a document, open at its beginning.

        Raises:
            OriginalGone: there is none, or it is not what was added.
        """
        path = self._path(document.uri)
        if path is None:
            raise OriginalGone(f"'{document.title}' has no file of its own: read its text")
        try:
            file = open_file(path)
        except LoadError as error:
            raise OriginalGone(
                f"the file of '{document.title}' cannot be read any more: this is its text as it was read"
            ) from error
        try:
            self._check(document, file)
        except BaseException:
            file.close()
            raise
        return file

    def read(self, document: Document) -> bytes:
        """Return the bytes of the file of a document.

        Raises:
            OriginalGone: there is none, or it is not what was added.
        """
        with self.open(document) as file:
            data = file.read(self._limits.max_bytes)
        if hashlib.sha256(data).hexdigest() != document.sha256:
            raise _changed(document)
        return data

    def check(self, document: Document) -> None:
        """Make sure that the file of a document is there and the same.

        Raises:
            OriginalGone: it is not.
        """
        self.open(document).close()

    def _path(self, uri: str) -> Path | None:
        if is_kept(uri):
            return None if self._fetched is None else self._fetched.path(uri)
        return path_of(uri)

    def _check(self, document: Document, file: BufferedReader) -> None:
        """Compare the content, unless the file is the one whose content was compared before."""
        key = (document.uri, document.sha256)
        state = _state(file)
        with self._lock:
            known = self._checked.get(key)
        if known == state:
            return
        if state[2] > self._limits.max_bytes:
            raise _changed(document)
        try:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
        except OSError as error:
            raise _changed(document) from error
        if digest != document.sha256 or _state(file) != state:
            raise _changed(document)
        with self._lock:
            self._checked[key] = state
            while len(self._checked) > _KNOWN:
                self._checked.popitem(last=False)


def file_name(document: Document) -> str:
    """Return the name of the file of a document; its title where it has no file."""
    path = path_of(document.uri)
    return shown(path.name) if path is not None else document.title


def _state(file: BufferedReader) -> _State:
    """Return what changes when a file is written or replaced; nobody can set the last one back."""
    facts = os.fstat(file.fileno())
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _changed(document: Document) -> OriginalGone:
    return OriginalGone(
        f"the file of '{document.title}' has changed since it was added: this is its text as it was read; "
        "add it again to see its pages"
    )
