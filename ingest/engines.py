"""The engine that the settings name."""

from __future__ import annotations

from functools import partial

from ingest.engine import MakeEngine
from ingest.local_engine import LocalEngine
from rag.extras import require
from rag.settings import Settings


def engine_of(settings: Settings) -> MakeEngine:
    """Return what makes the engine; Ray is imported, and started, where it is made.

    Raises:
        MissingExtra: the engine needs a package that is not installed.
    """
    if settings.engine == "local":
        return LocalEngine
    require("ray", "the engine ray", "ray")
    from ingest.ray_engine import RayEngine

    return partial(RayEngine, settings=settings)
