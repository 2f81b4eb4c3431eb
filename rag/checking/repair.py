"""Makes again what can be made again; the documents' text and vectors are never touched."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from rag.checking.finding import Finding
from rag.checking.places import leftovers
from rag.library import Library
from rag.maintenance.upkeep import rebuild_indexes, rebuild_lexical_index
from rag.progress import Progress
from rag.storage.schema import translated


def repair(library: Library, findings: Sequence[Finding], progress: Progress = lambda *_: None) -> list[str]:
    """Do what the findings say can be done, and return in words what was done.

    A damaged catalogue is left to `rag.checking.salvage`, which needs it closed.

    Raises:
        LibraryInUse: another process holds the library.
        StorageError: there is no space, or something cannot be removed.
    """
    wanted = {finding.repair for finding in findings}
    if any(finding.area == "catalogue" and finding.repair in (None, "catalogue") for finding in findings):
        return []  # what stands on a damaged catalogue would only be made worse
    library.lock("footnote check --repair")
    done = []
    if "tables' indexes" in wanted:
        rebuild_indexes(library.catalog)
        done.append("made the indexes of the catalogue's tables again")
    if "lexical index" in wanted:
        progress("making the lexical index again", 0, 0)
        rebuild_lexical_index(library.catalog)
        done.append("made the lexical index again")
    if "index" in wanted:
        library.rebuild_index(lambda *n: progress("making the index again", *n))
        done.append(f"made the index again from {len(library)} vectors")
    if "leftovers" in wanted:
        done += _remove_leftovers(library)
    if "space" in wanted:
        progress("making the catalogue smaller", 0, 0)
        library.catalog.compact()
        done.append("wrote the catalogue anew without its empty pages")
    return done


def _remove_leftovers(library: Library) -> list[str]:
    done = []
    with translated(library.path):
        for path in leftovers(library.catalog):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            done.append(f"removed {path.name}")
    return done
