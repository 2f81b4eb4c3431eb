"""The command line with stand-ins for the models, as a process: ``python footnote_with_fakes.py ask …``.

``SAYS`` is what the model answers, each time; ``PACE`` the seconds between its words. While there is a file
``HOLDS``, no answer goes on beyond its twelfth word. Without ``SAYS``, there is no model.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from fakes import AngleEmbedder, WritingModel

import rag.answering
import rag.assistant_parts
import ui.chatting
from ui.cli import main

WITH_FAKES = [sys.executable, "-W", "error", str(Path(__file__))]


class _Gone:
    """Waits until a file is gone."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._file.exists() and time.monotonic() < end:
            time.sleep(0.05)


def _model(told: Mapping[str, str]) -> WritingModel:
    model = WritingModel(lambda asked: told["SAYS"], pace=float(told.get("PACE", "0")))
    if "HOLDS" in told:
        model.holds, model.gate = 12, _Gone(Path(told["HOLDS"]))
    return model


def run() -> None:
    model = _model(os.environ) if "SAYS" in os.environ else None
    for each in (rag.assistant_parts, ui.chatting):
        each.make_embedder = lambda *_: AngleEmbedder()
        each.make_chat_model = lambda *_: model
    rag.answering.written_confidence = lambda seen: 0.9
    main()


if __name__ == "__main__":
    run()
