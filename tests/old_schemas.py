"""Catalogues as older versions of Footnote made them."""

from __future__ import annotations

VERSION_1 = """
CREATE TABLE meta ("key" VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY ("key"));
CREATE TABLE documents (
    id VARCHAR NOT NULL, uri VARCHAR NOT NULL, title VARCHAR NOT NULL, media_type VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL, n_chars INTEGER NOT NULL, n_pages INTEGER, n_passages INTEGER NOT NULL,
    added_at VARCHAR NOT NULL, status VARCHAR NOT NULL, error VARCHAR, PRIMARY KEY (id), UNIQUE (uri));
CREATE TABLE texts (
    document_id VARCHAR NOT NULL, text TEXT NOT NULL, pages JSON NOT NULL, PRIMARY KEY (document_id),
    FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE);
CREATE TABLE passages (
    n INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, id VARCHAR NOT NULL, document_id VARCHAR NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, page INTEGER, headings JSON NOT NULL,
    context TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (id),
    FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE);
CREATE INDEX ix_passages_document_id ON passages (document_id);
CREATE TABLE vectors (
    n INTEGER NOT NULL, id VARCHAR NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (n),
    FOREIGN KEY(n) REFERENCES passages (n) ON DELETE CASCADE);
CREATE VIRTUAL TABLE passage_index USING fts5(
    context, text, content='passages', content_rowid='n', tokenize='porter unicode61 remove_diacritics 2');
INSERT INTO meta VALUES ('schema_version', '1'), ('generation', '1'), ('embedder', 'fake:angles');
"""
