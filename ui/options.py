"""What several commands share: options, settings, output for other programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from rag.settings import Settings
from rag.settings_layers import load_settings
from rag.text.hidden import escaped
from ui.completing import offered_documents, offered_models

LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library", "-l", metavar="DIR", show_default="in your data folder", help="Folder of the library."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--llm",
        metavar="MODEL",
        help="local, local-small, none, openai:NAME, …",
        autocompletion=offered_models,
    ),
]
OcrOption = Annotated[
    bool | None,
    typer.Option("--ocr/--no-ocr", show_default=False, help="Read scanned pages and pictures of text."),
]
EngineOption = Annotated[
    str | None,
    typer.Option(
        "--engine", metavar="ENGINE", help="local, or ray: read and embed on the nodes of a Ray cluster."
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address", metavar="HOST:PORT", help="Ray cluster, or auto; without it one is started here."
    ),
]
DocumentArgument = Annotated[
    str,
    typer.Argument(metavar="DOC", help="Its id, path, file name or title.", autocompletion=offered_documents),
]


def settings_for(library: Path | None, **options: object) -> Settings:
    """Return the settings with what was given on the command line."""
    return load_settings({"library": library, **options})


def print_json(value: object) -> None:
    """Print a value for other programs."""
    sys.stdout.write(_json(value, indent=2) + "\n")


def print_json_line(value: object) -> None:
    """Print a value on a line of its own, at once."""
    sys.stdout.write(_json(value) + "\n")
    sys.stdout.flush()


def write_text(text: str) -> None:
    """Write a document's text: exactly to a file or program, to a person as it may be seen."""
    from ui.terminal import visible

    sys.stdout.buffer.write((visible(text) if sys.stdout.isatty() else text).encode("utf-8"))
    sys.stdout.buffer.flush()


def _json(value: object, indent: int | None = None) -> str:
    """Return a value as JSON; what acts on a terminal, or hides in it, is written as an escape."""
    unicode = (sys.stdout.encoding or "utf-8").lower().replace("-", "").startswith("utf")
    return escaped(json.dumps(value, ensure_ascii=not unicode, indent=indent))
