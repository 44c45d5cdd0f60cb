"""Writing files so that a crash or a full disk never leaves half a file under its final name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`, renamed to `path` on success, removed on failure."""
    path = Path(path)
    # Cut short, since a name may be as long as the file system allows; random, for threads.
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path | str, content: bytes) -> None:
    """Write `content` to `path` atomically, down to the disk. Raises OSError naming `path`."""
    try:
        with atomic_path(path) as temporary, temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def make_folder(path: Path | str) -> Path:
    """Make a folder and its parents. Raises ValueError where something else stands in the way."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be made a folder ({error.strerror}); choose another place"
        ) from error
    return path


def check_writable(folder: Path) -> None:
    """Raise ValueError where no file can be made in a folder: before there is work to lose."""
    try:
        TemporaryFile(dir=folder).close()
    except OSError as error:
        raise ValueError(f"{folder}: nothing can be written there ({error.strerror}); choose "
                         "another place") from error
