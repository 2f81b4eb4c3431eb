"""How far long work tells that it has come."""

from __future__ import annotations

from collections.abc import Callable

Tick = Callable[[int, int], None]
"""Called with how much is done, and of how much."""

Progress = Callable[[str, int, int], None]
"""Called with what is done in words, how much of it, and of how much."""
