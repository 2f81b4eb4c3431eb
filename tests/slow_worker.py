"""A worker that parses in this process, and takes as long as its file says."""

from __future__ import annotations

import time

from ingest.load import load
from ingest.worker import Worker


class Slow(Worker):
    """Reads for ever where the text says so."""

    def _load(self, name, data, scans, limits, wanted):
        while b"for ever" in data:
            if not wanted():
                raise InterruptedError
            time.sleep(0.01)
        return load(data, name, limits, scans)
