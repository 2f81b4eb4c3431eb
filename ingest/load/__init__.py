"""Files to text: one module per family of formats, each pure, behind one `load`.

A loader module has ``load(data, name, limits) -> Text`` and may raise whatever its libraries raise; here,
at the border, all of it becomes one of the `LoadError` family.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

from ingest.files import shown
from ingest.limits import DEFAULT_LIMITS, Limits, exceeded
from ingest.load import sniff
from ingest.load.formats import (
    CONVERSIONS,
    FORMATS,
    PICTURES,
    SUPPORTED,
    extension,
    is_read,
    may_be_scanned,
    media_type,
)
from ingest.load.ocr import Scans
from rag.errors import BrokenDocument, EmptyDocument, LoadError, UnknownFormat
from rag.types import Text

__all__ = ["SUPPORTED", "border", "check_supported", "is_read", "load", "may_be_scanned", "media_type"]

_Loader = Callable[..., Text]
_MOST_HEADINGS = 50_000  # with more than that, such as one on each line, they are no outline of anything
_LONGEST_TITLE = 300  # characters; each passage below a heading keeps a copy of its words
_UNSTORABLE = {0: "\ufffd"} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def check_supported(name: str, *, pictures: bool = False) -> None:
    """Refuse a file by its name alone.

    Args:
        name: the file's name.
        pictures: whether pictures of text are read, too.

    Raises:
        UnknownFormat: Footnote does not read files of this extension.
    """
    if is_read(name, pictures=pictures):
        return
    suffix = extension(name)
    what = f"Footnote does not read {suffix} files" if suffix else "the name has no extension"
    known = ", ".join(sorted(known.removeprefix(".") for known in SUPPORTED))
    raise UnknownFormat(f"{name}: {what}; {CONVERSIONS.get(suffix, f'it reads {known}')}")


def load(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS, scans: Scans = "refuse") -> Text:
    """Return the text of a file's bytes, with the marks of its pages and headings.

    Args:
        data: the whole file.
        name: the file's name; its extension picks the loader.
        limits: what it may unpack to, and how much text it may have.
        scans: what to do with pages that have no text; left, they may be all there is.

    Raises:
        LoadError: one of its subclasses; the message starts with `name` and says why and what to do.
    """
    name = shown(name) or "the file"
    with border(name):
        return _load(data, name, limits, scans)


@contextmanager
def border(name: str) -> Iterator[None]:
    """Make whatever a parser raises one of the `LoadError` family; its warnings go nowhere."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # libraries warn of oddities in files; nobody is there to read it
            yield
    except LoadError:
        raise
    except ImportError as error:
        missing = error.name or str(error)
        raise LoadError(f"{name}: the package '{missing}' is missing; install Footnote again") from error
    except MemoryError as error:
        raise exceeded(name, "reading it takes too much memory", "load_memory_mb") from error
    except RecursionError as error:
        raise BrokenDocument(f"{name}: it is nested too deeply to be read; simplify or split it") from error
    except Exception as error:  # the border to eight parsers: damaged files make them raise anything at all
        if _memory_is_out():
            raise exceeded(name, "reading it takes too much memory", "load_memory_mb") from error
        raise BrokenDocument(f"{name}: the file is damaged; open it and save it again") from error


def _memory_is_out() -> bool:
    """Return whether not a megabyte is left: a parser in C then says that the file does not open."""
    try:
        bytearray(1 << 20)
    except MemoryError:
        return True
    return False


def _load(data: bytes, name: str, limits: Limits, scans: Scans) -> Text:
    check_supported(name, pictures=scans != "refuse")
    if not data:
        raise EmptyDocument(f"{name}: the file is empty; there is nothing to add")
    known = (FORMATS | PICTURES)[extension(name)]
    sniff.check(data, name, known.kind)
    loader = cast(_Loader, importlib.import_module(f"ingest.load.{known.module}").load)
    text = loader(data, name, limits, scans) if known.scanned else loader(data, name, limits)
    if scans == "leave" and text.blank_pages and known.scanned:
        return _storable(text)
    if not any(map(str.isalnum, text.text)):
        raise EmptyDocument(f"{name}: there is no text in it; there is nothing to add")
    if len(text.text) > limits.max_characters:
        what = f"it has more than {limits.max_characters:,} characters of text"
        raise exceeded(name, what, "max_characters")
    if len(text.headings) > _MOST_HEADINGS:
        text = replace(text, headings=())
    return _storable(text)


def _storable(text: Text) -> Text:
    """Replace, one for one, what a database or UTF-8 cannot hold (NUL, lone surrogates); cut long titles."""
    return replace(
        text,
        text=text.text.translate(_UNSTORABLE),
        title=_title(text.title) if text.title else None,
        headings=tuple(replace(mark, title=_title(mark.title)) for mark in text.headings),
    )


def _title(words: str) -> str:
    return words[:_LONGEST_TITLE].translate(_UNSTORABLE)
