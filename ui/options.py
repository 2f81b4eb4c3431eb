"""What several commands share: options, settings, JSON output."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from rag.settings import Settings, load_settings

LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library", "-l", metavar="DIR", show_default="in your data folder", help="Folder of the library."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
ModelOption = Annotated[
    str | None, typer.Option("--llm", metavar="MODEL", help="local, local-small, none, openai:NAME, …")
]
OcrOption = Annotated[
    bool | None,
    typer.Option("--ocr/--no-ocr", show_default=False, help="Read scanned pages and pictures of text."),
]
DocumentArgument = Annotated[str, typer.Argument(metavar="DOC", help="Its id, path, file name or title.")]


def settings_for(library: Path | None, **options: object) -> Settings:
    """Return the settings with what was given on the command line."""
    return load_settings({"library": library, **options})


def print_json(value: object) -> None:
    """Print a value for other programs."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
