"""One frozen `Settings`, loaded once at the edge and passed by argument."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
)

from rag.addresses import header_pairs, served_address

ENVIRONMENT, OPTIONS, DEFAULTS = "the environment", "the options", "the defaults"
_POSTGRESQL = re.compile(r"postgres(ql)?(\+psycopg)?://")
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def default_library() -> Path:
    """Return the library in the user's data folder."""
    return platformdirs.user_data_path("footnote", appauthor=False) / "library"


def default_cache() -> Path:
    """Return the folder for model files in the user's cache."""
    return platformdirs.user_cache_path("footnote", appauthor=False) / "models"


OPENAI = "openai:"
"""Before the name of a model behind an address that speaks OpenAI's protocol."""

LOCAL_AT_ONCE, SERVED_AT_ONCE = 1, 20
"""Answers written at a time: the local model has one slot, a server has a queue of its own."""

LOCAL_EVIDENCE, SERVED_EVIDENCE = 230, 1500
"""Two cores read 55 to 68 tokens a second; a model behind an address reads all sentences of the passages."""


class Settings(BaseModel):
    """Every setting, with its default. Unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    library: Path = Field(default_factory=default_library, description="folder of the library")
    catalog: SecretStr | None = Field(
        None,
        description="address of a PostgreSQL database for the catalogue, in place of SQLite",
    )
    models: Path = Field(default_factory=default_cache, description="folder of the model files")
    embedder: str = Field(
        "minilm",
        min_length=1,
        description="minilm, the folder of a sentence-transformers model, or openai:NAME",
    )
    embedder_base_url: str | None = Field(
        None, description="address of an OpenAI-compatible server of embeddings"
    )
    embedder_api_key: SecretStr | None = Field(None, description="key of the embedder's server")
    embedder_timeout_s: float = Field(30.0, gt=0, description="seconds to wait for the vectors of a request")
    embedder_at_once: int = Field(4, ge=1, le=256, description="requests at a time to the embedder's server")
    llm: str = Field(
        "local",
        pattern=r"^(local|local-small|none|(openai|anthropic|ollama):.+)$",
        description="local, local-small, none, openai:NAME, anthropic:NAME or ollama:NAME",
    )
    llm_base_url: str | None = Field(None, description="address of an OpenAI-compatible or Ollama server")
    llm_api_key: SecretStr | None = Field(None, description="key of the model's server")
    llm_context: int = Field(4096, ge=1024, le=131072, description="tokens the local model can hold")
    llm_timeout_s: float = Field(120.0, gt=0, description="seconds to wait for the model's next word")
    llm_at_once: int | None = Field(
        None, ge=1, le=256, description="answers the model writes at a time; by the model when not set"
    )
    retry_s: float = Field(
        20.0, ge=0, le=600, description="seconds in which a call to a model's server is tried again"
    )
    answer_tokens: int = Field(160, ge=16, le=4096, description="longest written answer, in tokens")
    evidence_tokens: int | None = Field(
        None, ge=50, le=32000, description="evidence shown to the model, in tokens; by the model when not set"
    )
    passages: int = Field(6, ge=1, le=50, description="passages that an answer rests on")
    max_file_mb: float = Field(100, gt=0, description="largest file, in MB")
    max_pages: int = Field(5000, ge=1, description="most pages of a PDF")
    max_megapixels: float = Field(50, gt=0, description="largest picture that is looked at, in megapixels")
    max_decompressed_mb: float = Field(
        200, gt=0, description="most that a docx, pptx, xlsx or epub file unpacks to, in MB"
    )
    max_ratio: float = Field(100, ge=1, description="most that such a file may grow, times its size")
    max_entries: int = Field(10_000, ge=1, description="most parts of such a file")
    max_characters: int = Field(50_000_000, ge=1, description="longest text of a file, in characters")
    load_timeout_s: float = Field(30, gt=0, description="seconds that reading a file may take")
    load_memory_mb: int = Field(1024, ge=300, description="memory that reading a file may take, in MB")
    ocr: bool = Field(False, description="read scanned pages and pictures of text")
    ocr_memory_mb: int = Field(3072, ge=1500, description="memory that reading scans may take, in MB")
    ocr_page_s: float = Field(180, gt=0, description="seconds that each scanned page adds to the time")
    chroma: str | None = Field(
        None, description="address of a Chroma server; without one the index is in the library's folder"
    )
    chroma_token: SecretStr | None = Field(None, description="token that the Chroma server asks for")
    chroma_headers: tuple[tuple[str, SecretStr], ...] = Field(
        (), description='headers for a proxy before the Chroma server, as {"NAME": "VALUE"}'
    )
    engine: str = Field(
        "local", pattern=r"^(local|ray)$", description="local or ray: where documents are read and embedded"
    )
    ray_address: str | None = Field(
        None,
        min_length=1,
        description="HOST:PORT of a Ray cluster, or auto; one of this machine when not set",
    )
    offline: bool = Field(False, description="never fetch model files")
    host: str = Field("127.0.0.1", description="address of the chat")
    port: int = Field(7860, ge=0, le=65535, description="port of the chat; 0 takes a free one")
    auth: bool = Field(False, description="who opens the chat has to sign in")
    hosts: tuple[str, ...] = Field(
        (), description="names by which the chat is called beside its address, as one name or a,b"
    )
    proxies: tuple[str, ...] = Field(
        (), description="addresses or networks of reverse proxies whose X-Forwarded headers are believed"
    )

    metrics: bool = Field(False, description="tell figures to Prometheus at /metrics")
    drain_s: float = Field(
        0, ge=0, description="seconds that the chat goes on, as not ready, after it was told to end"
    )

    @field_validator("hosts", "proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Take a list also as one text, as the environment has it."""
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

    @field_validator("embedder")
    @classmethod
    def _named(cls, embedder: str) -> str:
        if embedder.strip() == OPENAI:
            raise ValueError("the name of the model is missing after 'openai:'")
        return embedder

    @field_validator("chroma")
    @classmethod
    def _address(cls, address: str | None) -> str | None:
        return None if address is None else served_address(address)

    @field_validator("chroma_headers", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        return header_pairs(value)

    @field_validator("catalog")
    @classmethod
    def _of_postgresql(cls, address: SecretStr | None) -> SecretStr | None:
        if address is not None and not _POSTGRESQL.match(address.get_secret_value()):
            raise ValueError("it begins with postgresql:// or postgresql+psycopg://")
        return address

    @field_validator("hosts")
    @classmethod
    def _plain_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not _HOST_NAME.fullmatch(name):
                raise ValueError(f"'{name}' is no bare name, as in docs.example.com")
        return tuple(map(str.lower, names))

    @field_validator("proxies")
    @classmethod
    def _networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_network(network)) for network in networks)

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def given(cls, values: Mapping[str, Any], origins: Mapping[str, str]) -> Self:
        """Return the settings of these values, and remember by `origins` where each was given.

        Raises:
            ValidationError: a name is unknown, or a value is invalid.
        """
        settings = cls(**values)
        settings._origins = dict(origins)
        return settings

    def origin(self, name: str) -> str:
        """Return where a value was given: the path of a file, `ENVIRONMENT`, `OPTIONS` or `DEFAULTS`."""
        return self._origins.get(name, DEFAULTS)

    @property
    def catalog_url(self) -> str | None:
        """The address of the catalogue with its password; None where it is SQLite in the library's folder."""
        return None if self.catalog is None else self.catalog.get_secret_value()

    @property
    def place(self) -> str:
        """Where the library is, in words: its folder, or the catalogue's address without password."""
        if self.catalog is None:
            return str(self.library)
        from rag.storage.postgres_engine import address_of

        return address_of(self.catalog.get_secret_value())

    def at(self, library: str | os.PathLike[str] | None) -> Settings:
        """Return the settings with another folder for the library; the same where None is given."""
        return self if library is None else self.model_copy(update={"library": Path(library)})

    @property
    def evidence_budget(self) -> int:
        """Tokens of evidence for the model: as set, or as much as it reads in a few seconds."""
        if self.evidence_tokens is not None:
            return self.evidence_tokens
        return LOCAL_EVIDENCE if self.llm.startswith("local") else SERVED_EVIDENCE

    @property
    def answers_at_once(self) -> int:
        """Answers that the model writes at a time: as set, or as many as its kind takes."""
        if self.llm_at_once is not None:
            return self.llm_at_once
        return LOCAL_AT_ONCE if self.llm.startswith("local") else SERVED_AT_ONCE
