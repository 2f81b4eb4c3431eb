"""Brings the catalogue of an older version up to this one, step by step.

Each step is one transaction, in which the schema version is written as well: after a kill the catalogue is
of the one version or of the other. Before the first step a copy is kept beside it, which
``footnote restore`` takes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from rag.backup import write_backup
from rag.catalog import FILE, Catalog
from rag.rows import put_meta

KEPT = "catalogue-schema-{}.sqlite3"
"""Name of the copy of a catalogue, by its schema version."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """What leads from the schema before to `version`."""

    version: int
    apply: Callable[[sa.Connection], None]


def _add_next_vectors(connection: sa.Connection) -> None:
    """Add the table in which a new embedder's vectors gather while the old ones answer."""
    connection.exec_driver_sql(
        "CREATE TABLE next_vectors (n INTEGER NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (n), "
        "FOREIGN KEY(n) REFERENCES passages (n) ON DELETE CASCADE)"
    )


STEPS = (Step(2, _add_next_vectors),)


def migrate(catalog: Catalog, steps: Sequence[Step] = STEPS) -> Path | None:
    """Run the steps that the catalogue lacks; the caller holds the writer lock.

    Returns:
        The copy that was kept of the catalogue as it was; None where no step was needed.

    Raises:
        StorageError: there is no space for the copy or the change; the catalogue is as it was.
        LibraryDamaged: the catalogue is not readable.
    """
    old = catalog.version
    missing = [step for step in steps if step.version > old]
    if not missing:
        return None
    kept = catalog.folder / KEPT.format(old)
    write_backup(catalog.folder / FILE, kept)
    for step in missing:
        with catalog.transaction(write=True) as connection:
            step.apply(connection)
            put_meta(connection, {"schema_version": str(step.version)})
    _log.warning(
        "the library %s was brought from schema %d to %d; as it was, it is kept in %s: "
        "remove that file when all is well",
        catalog.folder,
        old,
        missing[-1].version,
        kept.name,
    )
    return kept
