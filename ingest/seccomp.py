"""The kernel's own refusal of system calls, for native code that Python's audit hooks do not see.

A filter of the Berkeley packet kind, as seccomp(2) takes it: what is listed here fails with `EPERM` for the
rest of the process's life, whatever code it runs. Where the system has no seccomp, nothing changes.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Iterable

# Numbers of the system calls on x86_64 and aarch64; None where a processor lacks one.
_NETWORK = {
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "bind": (49, 200),
    "listen": (50, 201),
    "socketpair": (53, 199),
    "accept4": (288, 242),
    "sendmmsg": (307, 269),
    "io_uring_setup": (425, 425),
}
_PROGRAMS = {
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "bpf": (321, 280),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "keyctl": (250, 219),
}
_FILES = {
    "creat": (85, None),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
}
REFUSED = _NETWORK | _PROGRAMS | _FILES
"""Every call that fails with `EPERM`, with its numbers."""

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of the table, AUDIT_ARCH_…
_CLONE, _CLONE3 = (56, 220), (435, 435)
_OPEN, _OPENAT, _OPENAT2 = (2, None), (257, 56), (437, 437)
_CLONE_THREAD = 0x10000
_O_ACCMODE_CREAT_TRUNC = 0o3 | 0o100 | 0o1000
_X32 = 0x40000000  # the other numbering that x86_64 has

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install() -> bool:
    """Refuse, from now on, the network, other programs and changes to files; say whether the kernel does.

    Threads may still start, and files may be opened for reading. To be called before there are threads.
    """
    program = _program(platform.machine())
    if sys.platform != "linux" or program is None or struct.calcsize("P") != 8:
        return False
    libc = ctypes.CDLL(None)
    described = _Program(len(program) // 8, program)
    return bool(
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        and libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(described), 0, 0) == 0
    )


def _program(machine: str) -> bytes | None:
    """Return the filter for a processor; None for one that is not in the table."""
    if machine not in _MACHINES:
        return None
    column, arch = _MACHINES[machine]
    steps = [
        _step(_LOAD, _ARCH),
        _step(_EQUAL, arch, 1, 0),
        _step(_RETURN, _KILL),  # 32-bit calls, whose numbers mean something else
        _step(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        steps += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _ERRNO | errno.EPERM)]
    for number in _numbers(REFUSED.values(), column):
        steps += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _ERRNO | errno.EPERM)]
    for number in _numbers((_CLONE3, _OPENAT2), column):  # their arguments lie out of a filter's sight:
        steps += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _ERRNO | errno.ENOSYS)]  # take the older call
    for number in _numbers((_CLONE,), column):
        steps += _by_argument(number, 0, _CLONE_THREAD, refuse_when_set=False)
    for numbers, argument in ((_OPEN, 1), (_OPENAT, 2)):
        for number in _numbers((numbers,), column):
            steps += _by_argument(number, argument, _O_ACCMODE_CREAT_TRUNC, refuse_when_set=True)
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def _by_argument(number: int, argument: int, bits: int, *, refuse_when_set: bool) -> list[bytes]:
    """Return the steps that decide on one call by the lower half of one of its arguments."""
    return [
        _step(_EQUAL, number, 0, 4),
        _step(_LOAD, _ARGUMENTS + 8 * argument),
        _step(_ANY_BIT, bits, *((0, 1) if refuse_when_set else (1, 0))),
        _step(_RETURN, _ERRNO | errno.EPERM),
        _step(_RETURN, _ALLOW),
    ]


def _numbers(calls: Iterable[tuple[int, int | None]], column: int) -> list[int]:
    return [number for call in calls if (number := call[column]) is not None]


def _step(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)
