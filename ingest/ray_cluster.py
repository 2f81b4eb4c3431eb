"""A connection to a Ray cluster: the one at an address, or one that is started here and ends with the run."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from rag.errors import ClusterError, SettingsError
from rag.llm.local_llm import available_cores

REACH_S = 5.0
"""Seconds to reach the port of a cluster's head."""

TRY_S = 25.0
"""Seconds in which a trial has to connect; on a busy machine it takes three."""

OBJECTS_BYTES = 1 << 28
"""Shared memory of a Ray that runs for one command alone; what does not fit is on the disk."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".*",  # tells of each lost worker on standard output else
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what Ray warns of when it is not set
}

_SOON = {
    "RAY_NUM_REDIS_GET_RETRIES": "2",
    "RAY_gcs_server_port_wait_time_s": "2",
    "RAY_gcs_server_request_timeout_seconds": "8",
}
"""What makes Ray give up a cluster within seconds; for a trial alone, since a run has to be patient."""

_INIT: dict[str, Any] = {
    "log_to_driver": False,
    "logging_level": logging.CRITICAL,
    "configure_logging": False,
}

_TRIAL = f"import ray, sys; ray.init(sys.argv[1], **{_INIT}); print(ray.get_runtime_context().gcs_address)"

_REASONS = (
    (
        "InvalidAuthToken",
        "it asks for another token: set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN as on its nodes",
    ),
    (
        "Method not found",
        "what answers there is another port of Ray: name the one that 'ray start --head' told",
    ),
    (
        "No node info found",
        "this machine is no node of it: run 'ray start --address={place} --num-cpus=0' here",
    ),
    (
        "Could not find any running",
        "none runs on this machine: name its HOST:PORT, or run 'ray start --head'",
    ),
    ("ersion mismatch", "it has another version of Ray or Python than this machine: install the same ones"),
)
"""What Ray says of a cluster that it cannot connect to, and what a person can do."""


class Connection:
    """Ray, connected.

    Attributes:
        ray: the module.
        place: the cluster, as messages call it.
    """

    def __init__(self, address: str | None) -> None:
        """Connect, or start a cluster on this machine where there is no address.

        Raises:
            ClusterError: there is no cluster, or it does not let this machine in.
            SettingsError: the address is none.
        """
        self.place = "the Ray cluster of this run" if address is None else f"the Ray cluster at {address}"
        self._given = os.environ.copy()
        self._folder: TemporaryDirectory[str] | None = None
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        try:
            self._head = None if address is None else _tried(address)
            self.ray = _init(self._alone() if self._head is None else {"address": self._head})
        except BaseException:
            self._forget()
            raise

    def head_answers(self) -> bool:
        """Return whether the head of the cluster takes connections; True for one of this run."""
        return self._head is None or _reached(self._head) is None

    def close(self) -> None:
        """Leave the cluster, or end it if it was started here; what is under way there is given up."""
        self.ray.shutdown()
        self._forget()

    def _alone(self) -> dict[str, Any]:
        self._folder = TemporaryDirectory(prefix="footnote-ray-", ignore_cleanup_errors=True)
        # Ray listens on every address of the machine: whoever cannot tell this may not run code here.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        if os.environ["RAY_AUTH_MODE"] == "token":
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        return {
            "address": "local",
            "num_cpus": available_cores(),
            "object_store_memory": OBJECTS_BYTES,
            "include_dashboard": False,
            "_temp_dir": self._folder.name,
        }

    def _forget(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
        for name in os.environ.keys() - self._given.keys():
            if name.startswith("RAY_"):
                del os.environ[name]


def _tried(address: str) -> str:
    """Return the address of a cluster's head, once a process of its own could connect to it.

    Where a head does not answer, Ray tries for minutes, and may end the process that it is in.

    Raises:
        ClusterError: it could not.
        SettingsError: the address is none.
    """
    if address != "auto" and (why := _reached(address)) is not None:
        raise ClusterError(
            f"no Ray cluster at {address}: {why}; name the port that 'ray start --head' told, 6379 by default"
        )
    command = [sys.executable, "-c", _TRIAL, address]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and program
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TRY_S,
            env=os.environ | _SOON,
        )
    except subprocess.TimeoutExpired:
        raise ClusterError(
            f"no Ray cluster at {address}: what is there does not answer as the head of one does; "
            "name the port that 'ray start --head' told, 6379 by default"
        ) from None
    if done.returncode == 0:
        return done.stdout.split()[-1]
    for word, reason in _REASONS:
        if word in done.stderr:
            raise ClusterError(f"no Ray cluster at {address}: {reason.format(place=address)}")
    raise ClusterError(f"no Ray cluster at {address}: {last_line(done.stderr)}")


def _reached(address: str) -> str | None:
    """Return why nothing takes connections at HOST:PORT; None where something does.

    Raises:
        SettingsError: the address is not of this form.
    """
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal() or int(port) > 65535:
        raise SettingsError(
            f"setting 'ray_address' is not valid: '{address}' (HOST:PORT of a Ray cluster's head, or auto)"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH_S).close()
    except (OSError, UnicodeError) as error:
        return str(getattr(error, "strerror", None) or error).lower()
    return None


def _init(options: dict[str, Any]) -> Any:
    with _usual_signals():
        import ray
        from ray.exceptions import RayError

        try:
            ray.init(**options, **_INIT)
        except (RayError, ConnectionError, RuntimeError, ValueError, OSError) as error:
            raise ClusterError(f"Ray does not start: {last_line(str(error))}") from None
    return ray


@contextmanager
def _usual_signals() -> Iterator[None]:
    """Let signals do what they did: Ray takes SIGTERM for itself, and a run ends the file at hand first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def last_line(said: str) -> str:
    """Return the last line of what Ray said, cut to what a message can hold."""
    lines = said.strip().splitlines()
    return lines[-1].strip()[:300] if lines else "it says no more"
