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

from rag.catalog import FILE, Catalog
from rag.maintenance.backup import write_backup
from rag.storage.rows import put_meta
from rag.storage.tables import meta

KEPT = "catalogue-schema-{}.sqlite3"
"""Name of the copy of a catalogue, by its schema version."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """What leads from the schema before to `version`."""

    version: int
    apply: Callable[[sa.Connection], None]


_VERSION_3 = (
    "CREATE TABLE titles (document_id VARCHAR NOT NULL, title VARCHAR NOT NULL, PRIMARY KEY (document_id), "
    "FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE)",
    "CREATE TABLE collections (id VARCHAR NOT NULL, owner VARCHAR NOT NULL, name VARCHAR NOT NULL, "
    "made_at VARCHAR NOT NULL, PRIMARY KEY (id), UNIQUE (owner, name))",
    "CREATE TABLE collected (collection_id VARCHAR NOT NULL, document_id VARCHAR NOT NULL, "
    "PRIMARY KEY (collection_id, document_id), "
    "FOREIGN KEY(collection_id) REFERENCES collections (id) ON DELETE CASCADE, "
    "FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE)",
    "CREATE INDEX ix_collected_document_id ON collected (document_id)",
    "CREATE TABLE conversations (id VARCHAR NOT NULL, owner VARCHAR NOT NULL, title VARCHAR NOT NULL, "
    "scope JSON NOT NULL, made_at VARCHAR NOT NULL, changed_at VARCHAR NOT NULL, PRIMARY KEY (id))",
    "CREATE INDEX ix_conversations_owner ON conversations (owner)",
    "CREATE TABLE turns (id VARCHAR NOT NULL, conversation_id VARCHAR NOT NULL, question TEXT NOT NULL, "
    "state VARCHAR NOT NULL, answer TEXT, error TEXT, words TEXT NOT NULL, asked_at VARCHAR NOT NULL, "
    "PRIMARY KEY (id), FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE)",
    "CREATE INDEX ix_turns_conversation_id ON turns (conversation_id)",
    "CREATE TABLE feedback (turn_id VARCHAR NOT NULL, verdict VARCHAR NOT NULL, note TEXT NOT NULL, "
    "made_at VARCHAR NOT NULL, PRIMARY KEY (turn_id), "
    "FOREIGN KEY(turn_id) REFERENCES turns (id) ON DELETE CASCADE)",
    "CREATE TABLE users (name VARCHAR NOT NULL, password VARCHAR NOT NULL, made_at VARCHAR NOT NULL, "
    "PRIMARY KEY (name))",
    "CREATE TABLE sessions (token VARCHAR NOT NULL, user VARCHAR NOT NULL, made_at VARCHAR NOT NULL, "
    "expires_at VARCHAR NOT NULL, PRIMARY KEY (token), "
    "FOREIGN KEY(user) REFERENCES users (name) ON DELETE CASCADE)",
    "CREATE INDEX ix_sessions_user ON sessions (user)",
)

_VERSION_4 = (
    "CREATE TABLE api_keys (name VARCHAR NOT NULL, secret VARCHAR NOT NULL, user VARCHAR, "
    "a_minute INTEGER NOT NULL, made_at VARCHAR NOT NULL, PRIMARY KEY (name), UNIQUE (secret), "
    "FOREIGN KEY(user) REFERENCES users (name) ON DELETE CASCADE)",
    "CREATE INDEX ix_api_keys_user ON api_keys (user)",
)

_VERSION_5 = (
    'CREATE TABLE limits ("key" VARCHAR NOT NULL, numbers JSON NOT NULL, ends_at FLOAT NOT NULL, '
    'PRIMARY KEY ("key"))',
    "CREATE INDEX ix_limits_ends_at ON limits (ends_at)",
)

_VERSION_6 = (
    "CREATE TABLE processes (name VARCHAR NOT NULL, ends_at FLOAT NOT NULL, PRIMARY KEY (name))",
    "CREATE TABLE uploads (id VARCHAR NOT NULL, n INTEGER NOT NULL, owner VARCHAR NOT NULL, "
    "name VARCHAR NOT NULL, size BIGINT NOT NULL, collection VARCHAR NOT NULL, state VARCHAR NOT NULL, "
    "n_passages INTEGER NOT NULL, note TEXT NOT NULL, process VARCHAR NOT NULL, PRIMARY KEY (id))",
    "CREATE INDEX ix_uploads_owner ON uploads (owner)",
    "CREATE INDEX ix_uploads_state_n ON uploads (state, n)",
    "CREATE TABLE parts (file VARCHAR NOT NULL, n INTEGER NOT NULL, content BLOB NOT NULL, "
    "PRIMARY KEY (file, n))",
    "CREATE TABLE originals (uri VARCHAR NOT NULL, file VARCHAR NOT NULL, PRIMARY KEY (uri))",
    "CREATE INDEX ix_originals_file ON originals (file)",
)

_VERSION_7 = (
    "CREATE TABLE under_way (conversation_id VARCHAR NOT NULL, turn_id VARCHAR NOT NULL, "
    "process VARCHAR NOT NULL, tries INTEGER NOT NULL, place INTEGER NOT NULL, stopped BOOLEAN NOT NULL, "
    "PRIMARY KEY (conversation_id), UNIQUE (turn_id), "
    "FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE)",
    "CREATE TABLE told (turn_id VARCHAR NOT NULL, n INTEGER NOT NULL, events TEXT NOT NULL, "
    "PRIMARY KEY (turn_id, n), "
    "FOREIGN KEY(turn_id) REFERENCES under_way (turn_id) ON DELETE CASCADE)",
)


def _add_next_vectors(connection: sa.Connection) -> None:
    """Add the table in which a new embedder's vectors gather while the old ones answer."""
    connection.exec_driver_sql(
        "CREATE TABLE next_vectors (n INTEGER NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (n), "
        "FOREIGN KEY(n) REFERENCES passages (n) ON DELETE CASCADE)"
    )


def _add_the_chats(connection: sa.Connection) -> None:
    """Add the tables of the chat: collections, conversations, who may sign in."""
    for statement in _VERSION_3:
        connection.exec_driver_sql(statement)


def _add_api_keys(connection: sa.Connection) -> None:
    """Add the table of what programs come in by."""
    for statement in _VERSION_4:
        connection.exec_driver_sql(statement)


def _add_limits(connection: sa.Connection) -> None:
    """Add the table of what is counted, so that nobody comes too often."""
    for statement in _VERSION_5:
        connection.exec_driver_sql(statement)


def _add_uploads(connection: sa.Connection) -> None:
    """Add the tables of files on their way in, and of the processes that work at them."""
    for statement in _VERSION_6:
        connection.exec_driver_sql(statement)


def _add_answers_under_way(connection: sa.Connection) -> None:
    """Add the tables of the questions that are being answered."""
    for statement in _VERSION_7:
        connection.exec_driver_sql(statement)


STEPS = (
    Step(2, _add_next_vectors),
    Step(3, _add_the_chats),
    Step(4, _add_api_keys),
    Step(5, _add_limits),
    Step(6, _add_uploads),
    Step(7, _add_answers_under_way),
)


def migrate(catalog: Catalog, steps: Sequence[Step] = STEPS) -> Path | None:
    """Run the steps that the catalogue lacks; the caller holds the writer lock.

    Returns:
        The copy that was kept of the catalogue as it was; None where no step was needed, or on PostgreSQL,
        where each step is undone by itself if it fails.

    Raises:
        StorageError: there is no space for the copy or the change; the catalogue is as it was.
        LibraryDamaged: the catalogue is not readable.
    """
    old = catalog.version
    missing = [step for step in steps if step.version > old]
    if not missing:
        return None
    if catalog.shared:
        _take_turns(catalog, missing)
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


def _take_turns(catalog: Catalog, steps: Sequence[Step]) -> None:
    """Run steps of a catalogue that others may be about to bring up to date as well: each is run once."""
    with catalog.alone("an update of Footnote"):
        for step in steps:
            with catalog.transaction(write=True) as connection:
                version = connection.scalar(sa.select(meta.c.value).where(meta.c.key == "schema_version"))
                if int(version or 0) < step.version:
                    step.apply(connection)
                    put_meta(connection, {"schema_version": str(step.version)})
    _log.warning("the library %s was brought to schema %d", catalog.place, steps[-1].version)
