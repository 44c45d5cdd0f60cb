"""A private folder for what people send, gone when the server is, however it ended."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "text-eraser-serve-"


class PrivateFolder:
    """A new folder that only this user may open, locked while this process lives.

    The lock tells other servers that it is in use; first the folders of servers that were killed
    are removed.
    """

    def __init__(self):
        remove_stale()
        self._lock = None
        while self._lock is None:  # until no other server took it for a stale one before the lock
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))  # mode 0700
            self._lock = _lock(self.path)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_stale() -> None:
    """Remove this user's folders whose servers live no more."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = _lock(path)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _lock(path: Path) -> int | None:
    """A descriptor that locks a folder of this user until it is closed; None where it cannot."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status = os.fstat(descriptor)
        if status.st_uid == os.getuid() and status.st_nlink > 0:  # ours, and still there
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None
