"""What must hold when care for a library broke off, and when it is done again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from care import Care
from homes import Home
from ledger import check_index

from rag.catalog import FILE
from rag.checking import check, repair
from rag.errors import FootnoteError, LibraryDamaged
from rag.library import Library

_EXPECTED = (
    "left over",
    "a restore was stopped",
    "a change to the embedder",
    "its last writer was stopped",
    "has changed since",
)
"""What a check may say of a library after a kill: leftovers, and sources that are newer than a backup."""


def broken_off(home: Home, care: Care, *, mend: bool, undone: bool = False) -> list[str]:
    """Return what is wrong with a library whose care broke off.

    Args:
        home: where it is.
        care: what was being done.
        mend: whether to repair what a check finds.
        undone: whether the library must be as it was before.
    """
    wrong = care.broken_off(home)
    try:
        with Library.open(home.library) as library:
            before = care.before(home).check(library)
            if before and not undone:
                after = care.after(home).check(library)
                before = min(before, after, key=len)
            return wrong + before + list(_findings(library, mend=mend))
    except LibraryDamaged as error:
        return wrong if care.damaged and "footnote restore" in str(error) else [f"does not open: {error}"]
    except FootnoteError as error:
        return [*wrong, f"does not open: {error}"]


def finished(home: Home, care: Care) -> list[str]:
    """Do it again, and return what is wrong after that."""
    try:
        care.run(home)
        with Library.open(home.library) as library:
            wrong = care.after(home).check(library) + list(_findings(library, mend=True))
            wrong += check_index(library)
    except FootnoteError as error:
        return [f"does not open: {error}"]
    known = "|".join((re.escape(FILE), r"catalogue\.sums", r"writer\.lock", r"chroma-\d+", *care.keeps))
    names = [file.name for file in home.library.iterdir()]
    wrong += [f"otherwise: {name} is left over" for name in names if not re.fullmatch(known, name)]
    wrong += [
        f"otherwise: {file} is left over" for file in home.backup.parent.iterdir() if file != home.backup
    ]
    return wrong + care.finished(home)


def _findings(library: Library, *, mend: bool) -> Iterator[str]:
    """Yield what a check finds that it should not, and what stays of it after a repair."""
    found = check(library)
    yield from (f"found: {each.area}: {each.what}" for each in found if not _expected(each.what))
    if mend:
        while repair(library, found):
            found = check(library)
        yield from (f"not repaired: {each.area}: {each.what}" for each in found if each.repair)


def _expected(what: str) -> bool:
    return any(words in what for words in _EXPECTED)
