"""The child process of `rag.llm.local_llm`: llama.cpp's HTTP server on loopback, until the parent goes.

It is run as a file, imports nothing of Footnote, reads one JSON object from standard input and answers with
one line once the model is loaded. The key comes by standard input, so that no process list shows it.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import threading
from typing import Any

READY = "footnote-ready "
PR_SET_PDEATHSIG = 1
STDIN = 0

SHARED_BATCH = 32
"""Tokens read in one step where several answers are written: each of these gets a word a step, of half a
second. Measured on two cores, a token is read in 16.4 ms, in steps of 16 in 17.3, and of 512 in 15.2."""


def main() -> None:
    """Serve until standard input closes or the parent is gone."""
    order = json.loads(_read_line())
    _die_with(int(order["parent"]))
    threading.Thread(target=_watch, args=(int(order["parent"]),), daemon=True).start()
    server = _serve(order)
    sys.stdout.write(READY + json.dumps({"address": server.listening_address}) + "\n")
    sys.stdout.flush()
    signal.pause()


def _read_line() -> bytes:
    """Read a line past Python's buffers: a buffer with a reader in it aborts the interpreter's exit."""
    line = b""
    while not line.endswith(b"\n"):
        block = os.read(STDIN, 4096)
        if not block:
            os._exit(0)
        line += block
    return line


def _serve(order: dict[str, Any]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = order["model"]
    params.n_ctx = order["context"]
    params.n_parallel = order["slots"]
    params.kv_unified = True  # the slots share the context, and each takes what it needs
    if order["slots"] > 1:
        params.n_batch = params.n_ubatch = SHARED_BATCH
        params.cache_idle_slots = False  # one that waits keeps what all prompts begin with
    params.cpuparams.n_threads = order["threads"]
    params.cpuparams_batch.n_threads = order["threads"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order["key"]]
    params.cors_origins = "http://127.0.0.1"  # by default every web page may call
    params.endpoint_slots = False
    params.ui = False
    params.cache_ram_mib = order["cache_mib"]  # 8,192 by default
    params.verbosity = 1  # errors only
    return xllamacpp.Server(params)


def _die_with(parent: int) -> None:
    """Have Linux kill this process with its parent; the native code holds Python's lock while it loads."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _watch(parent: int) -> None:
    """End this process when its input closes or it has another parent, for systems without that signal."""
    while os.getppid() == parent:
        readable, _, _ = select.select([STDIN], [], [], 1.0)
        if readable and not os.read(STDIN, 4096):
            break
    os._exit(0)


if __name__ == "__main__":
    main()
