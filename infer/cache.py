"""Graphs kept between runs in the user's cache folder; without a place to write, nothing is kept.

The folder is TEXT_ERASER_CACHE, or else `text-eraser` in the platform's folder for caches.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from data.files import write_bytes
from data.manifest import digest

KEEP = 8  # graphs; the least recently used go first. A full-size network's takes 80 MB
DIGEST = len(digest(b""))


def folder() -> Path:
    """Where graphs are kept; it need not exist. RuntimeError where the user has no home."""
    if chosen := os.environ.get("TEXT_ERASER_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "text-eraser"


def cached(key: str, make: Callable[[], bytes]) -> bytes:
    """What `make` returned for `key`, a file's name, in this run or an earlier one.

    An entry is its content's digest and the content: a damaged or foreign one is made anew.
    """
    try:
        path = folder() / f"{key}.graph"
    except RuntimeError:
        return make()
    with suppress(OSError):
        entry = path.read_bytes()
        if entry[:DIGEST] == digest(entry[DIGEST:]).encode():
            with suppress(OSError):
                os.utime(path)
            return entry[DIGEST:]
    content = make()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, digest(content).encode() + content)
        _prune(path.parent)
    return content


def _prune(place: Path) -> None:
    """Remove all but the KEEP entries last used, and what killed runs left."""
    ours = [*place.glob("*.graph"), *place.glob(".*.graph.*.tmp")]
    for path in sorted(ours, key=lambda path: path.stat().st_mtime)[:-KEEP]:
        path.unlink(missing_ok=True)
