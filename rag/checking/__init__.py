"""Looks for all that may be wrong with a library: ``footnote check``."""

from __future__ import annotations

from rag.checking.finding import Finding, Repair
from rag.checking.index import look_at_index, look_at_vectors
from rag.checking.places import look_at_disk, look_at_sources
from rag.checking.repair import repair
from rag.checking.rows import look_at_catalogue, look_at_lexical_index, look_at_offsets
from rag.library import Library
from rag.progress import Progress

__all__ = ["Finding", "Repair", "check", "repair"]


def check(library: Library, progress: Progress = lambda *_: None) -> list[Finding]:
    """Return all that is wrong with a library; where the catalogue is not whole, that alone.

    Everything else is read by way of the catalogue. Where this user may only read the library, its indexes
    and its use of the disk are left out: looking at those writes.

    Raises:
        LibraryInUse: another process writes to it.
        LibraryDamaged: the catalogue cannot even be read.
    """
    if not library.read_only:
        library.lock("footnote check")
    found = look_at_catalogue(library.catalog, progress)
    if found:
        return found
    found += look_at_offsets(library.catalog, progress)
    bad_vectors = look_at_vectors(library.catalog)
    found += bad_vectors
    found += look_at_sources(library.documents(), progress)
    if library.read_only:
        return found
    found += look_at_lexical_index(library.catalog, progress)
    if not bad_vectors:
        found += look_at_index(library, progress)
    found += look_at_disk(library.catalog)
    return found
