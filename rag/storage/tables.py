"""The tables of the catalogue: documents, what is made from them, and what people add in the chat."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("uri", sa.String, nullable=False, unique=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("media_type", sa.String, nullable=False),
    sa.Column("sha256", sa.String, nullable=False),
    sa.Column("n_chars", sa.Integer, nullable=False),
    sa.Column("n_pages", sa.Integer),
    sa.Column("n_passages", sa.Integer, nullable=False),
    sa.Column("added_at", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("error", sa.String),
)

texts = sa.Table(
    "texts",
    metadata,
    sa.Column("document_id", sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("pages", sa.JSON, nullable=False),
)

passages = sa.Table(
    "passages",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("id", sa.String, nullable=False, unique=True),
    sa.Column("document_id", sa.ForeignKey("documents.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("end", sa.Integer, nullable=False),
    sa.Column("page", sa.Integer),
    sa.Column("headings", sa.JSON, nullable=False),
    sa.Column("context", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

vectors = sa.Table(
    "vectors",
    metadata,
    sa.Column("n", sa.ForeignKey("passages.n", ondelete="CASCADE"), primary_key=True),
    sa.Column("id", sa.String, nullable=False),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)

next_vectors = sa.Table(
    "next_vectors",
    metadata,
    sa.Column("n", sa.ForeignKey("passages.n", ondelete="CASCADE"), primary_key=True),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)
"""Vectors of the embedder that a library is being changed to; empty but for that time."""

titles = sa.Table(
    "titles",
    metadata,
    sa.Column("document_id", sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("title", sa.String, nullable=False),
)
"""Titles that people gave to documents; without one a document is shown under that of its file."""

collections = sa.Table(
    "collections",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("made_at", sa.String, nullable=False),
    sa.UniqueConstraint("owner", "name"),
)

collected = sa.Table(
    "collected",
    metadata,
    sa.Column("collection_id", sa.ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("document_id", sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True, index=True),
)

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("owner", sa.String, nullable=False, index=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("scope", sa.JSON, nullable=False),
    sa.Column("made_at", sa.String, nullable=False),
    sa.Column("changed_at", sa.String, nullable=False),
)

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column(
        "conversation_id",
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("asked_at", sa.String, nullable=False),
)
"""Questions and their answers, in the order of their rowids; `words` are what a search looks through."""

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("turn_id", sa.ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("verdict", sa.String, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("made_at", sa.String, nullable=False),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("password", sa.String, nullable=False),
    sa.Column("made_at", sa.String, nullable=False),
)
"""Who may sign in to the chat; `password` is a salted hash."""

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token", sa.String, primary_key=True),
    sa.Column("user", sa.ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("made_at", sa.String, nullable=False),
    sa.Column("expires_at", sa.String, nullable=False),
)
"""Who is signed in; `token` is the SHA-256 of what the browser holds."""

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("secret", sa.String, nullable=False, unique=True),
    sa.Column("user", sa.ForeignKey("users.name", ondelete="CASCADE"), index=True),
    sa.Column("a_minute", sa.Integer, nullable=False),
    sa.Column("made_at", sa.String, nullable=False),
)
"""By what programs come in; `secret` is the SHA-256 of what they send, `user` for whom they stand, if any."""

limits = sa.Table(
    "limits",
    metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("numbers", sa.JSON, nullable=False),
    sa.Column("ends_at", sa.Float, nullable=False, index=True),
)
"""What is counted of those who come too often; from `ends_at` on, in seconds since 1970, it means nothing."""

processes = sa.Table(
    "processes",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("ends_at", sa.Float, nullable=False),
)
"""The web processes that share a catalogue; one without a sign of life until `ends_at` is gone."""

uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("owner", sa.String, nullable=False, index=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("collection", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("n_passages", sa.Integer, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("process", sa.String, nullable=False),
    sa.Index("ix_uploads_state_n", "state", "n"),
)
"""Files on their way into a library, in the order of `n`; `process` is the one that has them in hand."""

parts = sa.Table(
    "parts",
    metadata,
    sa.Column("file", sa.String, primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""The bytes of uploaded files, where no folder is shared: `file` is the id of the upload."""

originals = sa.Table(
    "originals",
    metadata,
    sa.Column("uri", sa.String, primary_key=True),
    sa.Column("file", sa.String, nullable=False, index=True),
)
"""Of documents that were uploaded: which of the files in `parts` they were made from."""

under_way = sa.Table(
    "under_way",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("turn_id", sa.String, nullable=False, unique=True),
    sa.Column("process", sa.String, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("stopped", sa.Boolean, nullable=False),
)
"""Which question of a conversation is being answered, and by which process."""

told = sa.Table(
    "told",
    metadata,
    sa.Column("turn_id", sa.ForeignKey("under_way.turn_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("events", sa.Text, nullable=False),
)
"""What was told so far of the answers that are under way."""

OF_THE_CHAT = (titles, collections, collected, conversations, turns, feedback, users, sessions, api_keys)
"""What people made of a library by talking to it; each table after those that it points to."""
