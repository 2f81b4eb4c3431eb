"""The key that a model's server is shown."""

from __future__ import annotations

import os

from pydantic import SecretStr

from rag.errors import MissingExtra

NO_KEY = "none"
"""Shown to servers that want none."""


def key_for(provider: str, model: str, address: str | None, own: SecretStr | None, setting: str) -> str:
    """Return the key for the server of a model.

    A key of the environment is meant for its own provider: with another address, only Footnote's own setting
    counts, and a server that wants none gets a placeholder.

    Args:
        provider: as in the name of the model.
        model: as the settings name it.
        address: of the server, where it is not the provider's.
        own: the key in the settings.
        setting: how the names of the model's settings begin.

    Raises:
        MissingExtra: the provider wants one, and there is none.
    """
    if own is not None:
        return own.get_secret_value()
    if address:
        return NO_KEY
    variable = f"{provider.upper()}_API_KEY"
    if key := os.environ.get(variable):
        return key
    raise MissingExtra(f"the model {model} needs a key: set {variable} or FOOTNOTE_{setting}_API_KEY")
