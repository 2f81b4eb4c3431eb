"""The stages of a question as LangChain's callbacks see them: child runs of the caller's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig


@dataclass(slots=True)
class Stage:
    """A stage at work: `config` is for what runs inside it, `outputs` gives what is told when it ends."""

    config: RunnableConfig | None
    outputs: Callable[[], dict[str, Any]] = dict


@contextmanager
def stage(config: RunnableConfig | None, name: str, inputs: Mapping[str, Any]) -> Iterator[Stage]:
    """Tell the callbacks of `config` that a stage begins, and that it ended or failed."""
    if config is None:
        yield Stage(None)
        return
    from langchain_core.runnables.config import get_callback_manager_for_config, patch_config

    run = get_callback_manager_for_config(config).on_chain_start(None, dict(inputs), name=name)
    running = Stage(patch_config(config, callbacks=run.get_child()))
    try:
        yield running
    except BaseException as error:
        run.on_chain_error(error)
        raise
    run.on_chain_end(running.outputs())
