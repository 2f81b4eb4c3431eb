"""What the catalogue knows of its dense index: a fact in JSON."""

from __future__ import annotations

import json
from typing import Any

from rag.catalog import Catalog

INDEX = "index"
"""Name of the fact."""

State = dict[str, Any]


class IndexRecords:
    """Reads and writes what is known of the index. Safe for threads."""

    def __init__(self, catalog: Catalog) -> None:
        """Read nothing yet."""
        self._catalog = catalog

    def read(self) -> State:
        """Return what is known; empty where no index was made."""
        state: State = json.loads(self._catalog.get_meta(INDEX) or "{}")
        return state

    def write(self, state: State) -> None:
        """Note what is known from now on."""
        self._catalog.set_meta({INDEX: json.dumps(state)})
