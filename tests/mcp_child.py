"""``footnote mcp`` in a process of its own, with the fake embedder in place of the real one."""

from __future__ import annotations

import sys

from fakes import AngleEmbedder

import ui.mcp_parts
from ui.cli import main

ui.mcp_parts.make_embedder = lambda settings, progress=None: AngleEmbedder()
sys.argv = ["footnote", "mcp", *sys.argv[1:]]
main()
