"""A report as a page to read."""

from __future__ import annotations

from rag.evaluation.html.page import page

__all__ = ["page"]
