"""The settings out of their layers: the defaults, a file, the environment, and what the caller gives."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rag.errors import SettingsError
from rag.settings import DEFAULTS, ENVIRONMENT, OPTIONS, Settings

PREFIX = "FOOTNOTE_"
FILE = "footnote.toml"


def load_settings(
    options: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    """Return the settings from the file, the environment and `options`, in rising precedence.

    Args:
        options: values given by the caller; None values are left out.
        environ: the environment; that of the process when None.
        file: a settings file; ``footnote.toml`` in the current folder when None.

    Raises:
        SettingsError: a name is unknown, a value is invalid or the file is not TOML.
    """
    environ = os.environ if environ is None else environ
    origins: dict[str, str] = {}
    values: dict[str, Any] = {}
    path = file if file is not None else Path(FILE)
    for origin, layer in (
        (str(path), _from_file(path, required=file is not None)),
        (ENVIRONMENT, _from_environment(environ)),
        (OPTIONS, {k: v for k, v in (options or {}).items() if v is not None}),
    ):
        values |= layer
        origins |= dict.fromkeys(layer, origin)
    try:
        return Settings.given(values, origins)
    except ValidationError as error:
        raise SettingsError(_explain(error, origins)) from None


def _from_file(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if required:
            raise SettingsError(f"no settings file at {path}") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot read the settings in {path}: {error}; correct or remove it") from None


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {k.removeprefix(PREFIX).lower(): v for k, v in environ.items() if k.startswith(PREFIX)}


def _explain(error: ValidationError, origins: Mapping[str, str]) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "?"
    origin = origins.get(name, DEFAULTS)
    shown = f"{PREFIX}{name.upper()}" if origin == ENVIRONMENT else name
    if first["type"] == "extra_forbidden":
        known = ", ".join(sorted(Settings.model_fields))
        return f"unknown setting '{shown}' in {origin}; the settings are {known}"
    allowed = Settings.model_fields[name].description
    return f"setting '{shown}' in {origin} is not valid: {first['msg']} ({allowed})"
