"""The command line with stand-ins for the models, as a process: ``python footnote_with_fakes.py ask …``.

``SAYS`` is what the model answers, each time; ``PACE`` the seconds between its words. Without ``SAYS``, there
is no model.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fakes import AngleEmbedder, WritingModel

import rag.answering
import rag.assistant_parts
import ui.chatting
from ui.cli import main

WITH_FAKES = [sys.executable, "-W", "error", str(Path(__file__))]


def run() -> None:
    said = os.environ.get("SAYS")
    model = WritingModel(lambda asked: said, pace=float(os.environ.get("PACE", "0"))) if said else None
    for each in (rag.assistant_parts, ui.chatting):
        each.make_embedder = lambda *_: AngleEmbedder()
        each.make_chat_model = lambda *_: model
    rag.answering.written_confidence = lambda seen: 0.9
    main()


if __name__ == "__main__":
    run()
