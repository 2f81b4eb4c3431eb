"""What the parsing process does to itself before it reads a file: limits, no network, no other programs."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress

from ingest import landlock, seccomp

_PR_SET_PDEATHSIG = 1
_REFUSED = frozenset(
    (
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.system",
        "socket.__new__",
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "socket.sendmsg",
        "socket.sendto",
        "subprocess.Popen",
    )
)


def limit_memory(n_bytes: int) -> None:
    """Bound the address space, and forbid core dumps and writing files."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.dont_write_bytecode = True
    with suppress(ValueError, OSError):  # macOS knows the limit but does not take it
        resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))


def limit_cpu(seconds: float) -> None:
    """Bound the processor time from now on; the limit counts from the start of the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = usage.ru_utime + usage.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(spent + seconds) + 1, hard))


def refuse_network_and_programs() -> bool:
    """Make connecting, resolving names and starting programs raise `PermissionError`, for good.

    Twice: an audit hook gives Python code the clearer error, and the kernel refuses native code, which no
    hook sees, and changes to files too.

    Returns:
        Whether the kernel refuses. Systems other than Linux do not, nor do some containers; the hook stays.
    """

    def refuse(event: str, _arguments: tuple[object, ...]) -> None:
        if event in _REFUSED:
            raise PermissionError(f"{event} is not allowed while a file is read")

    sys.addaudithook(refuse)
    return seccomp.install()


def hide_files() -> bool:
    """Leave nothing to be read but the system's and Python's own files; say whether the kernel does."""
    return landlock.install((*landlock.SYSTEM, *landlock.places_of_python()))


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; elsewhere than on Linux, end of input does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the call
        sys.exit(1)
