"""Landlock: what a process may do to files, ports and other processes, without root.

See Documentation/userspace-api/landlock.rst of the Linux kernel. Each version of the
interface adds something; what the running kernel lacks is left out.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG = 1
PATH_BENEATH = 1
PR_SET_NO_NEW_PRIVS = 38

# Of files. What is handled and not allowed by a rule is refused; reading is not handled.
WRITE_FILE = 1 << 1
CHANGE_FOLDER = sum(1 << bit for bit in range(4, 13))  # remove, make ...
REFER, TRUNCATE, IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
BIND_TCP, CONNECT_TCP = 1 << 0, 1 << 1
# Abstract sockets and signals end at the border of the domain.
SCOPES = 1 << 0 | 1 << 1
REFER_VERSION, TRUNCATE_VERSION, TCP_VERSION, IOCTL_VERSION, SCOPE_VERSION = range(2, 7)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full")

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Return the version of the interface; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(_libc.syscall(CREATE_RULESET, None, 0, VERSION_FLAG)))


def make_ruleset(folder: str | None, *, known: int | None = None) -> int | None:
    """Prepare a domain whose processes signal and trace only each other.

    Args:
        folder: the only folder that may be changed, and then no TCP port can be
            reached either; None to leave files and network alone.
        known: the version of the interface to use; the kernel's own by default.

    Returns:
        A file descriptor for ``enter``; None where the kernel has nothing to offer.
    """
    known = version() if known is None else known
    files = _files(known) if folder is not None else 0
    ports = BIND_TCP | CONNECT_TCP if folder is not None and known >= TCP_VERSION else 0
    scopes = SCOPES if known >= SCOPE_VERSION else 0
    if not files and not scopes:
        return None
    # What an older kernel does not know must not be there at all.
    length = 3 if known >= SCOPE_VERSION else 2 if known >= TCP_VERSION else 1
    attributes = struct.pack("=3Q", files, ports, scopes)[: 8 * length]
    ruleset = int(_libc.syscall(CREATE_RULESET, attributes, len(attributes), 0))
    if ruleset < 0:
        return None
    if folder is not None:
        _allow(ruleset, folder, files)
        for device in filter(os.path.exists, DEVICES):
            _allow(ruleset, device, files & (WRITE_FILE | TRUNCATE | IOCTL_DEVICE))
    return ruleset


def enter(ruleset: int) -> None:
    """Confine this process and all that come from it, for ever.

    Raises:
        OSError: the kernel refuses.
    """
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if _libc.syscall(RESTRICT_SELF, ruleset, 0):
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")


def _files(known: int) -> int:
    if known < 1:
        return 0
    rights = WRITE_FILE | CHANGE_FOLDER
    for right, since in (
        (REFER, REFER_VERSION),
        (TRUNCATE, TRUNCATE_VERSION),
        (IOCTL_DEVICE, IOCTL_VERSION),
    ):
        rights |= right if known >= since else 0
    return rights


def _allow(ruleset: int, path: str, rights: int) -> None:
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, beneath)
        if _libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, 0):
            raise OSError(ctypes.get_errno(), "landlock_add_rule", path)
    finally:
        os.close(beneath)
