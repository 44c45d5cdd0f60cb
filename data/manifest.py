"""Which results of an earlier run are still good, and which files are not ours to overwrite.

An output folder holds `.manifest.jsonl`: one line an output, appended before the output gets its
name, so that a killed run leaves neither half a file nor a file that looks like somebody else's.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from pathlib import Path

from data.files import write_bytes

NAME = ".manifest.jsonl"
NOTHING = ""  # instead of a digest


def digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def make_key(inputs: list[Path | bytes], settings: dict) -> str:
    """What an output depends on: its inputs' contents and the settings (anything JSON can hold)."""
    contents = [digest(i if isinstance(i, bytes) else i.read_bytes()) for i in inputs]
    return digest(json.dumps([contents, settings], sort_keys=True).encode())


class Manifest:
    """The record of one output folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._path = folder / NAME
        # output name -> key and content's digest of every version that we ever set out to write
        self._versions: dict[str, set[tuple[str, str]]] = defaultdict(set)
        if self._path.exists():
            for line in self._path.read_bytes().split(b"\n"):
                if entry := _parse(line):
                    name, key, content = entry
                    self._versions[name].add((key, content))

    def __contains__(self, name: str) -> bool:
        """Whether we ever set out to write an output."""
        return bool(self._versions.get(name))

    def state(self, name: str, key: str) -> str:
        """'current' (nothing to do), 'stale' (absent, or ours and outdated) or 'foreign'."""
        path = self.folder / name
        if not path.exists():
            return "current" if (key, NOTHING) in self._versions[name] else "stale"
        there = digest(path.read_bytes())
        if (key, there) in self._versions[name]:
            return "current"
        return "stale" if there in {content for _, content in self._versions[name]} else "foreign"

    def write(self, name: str, key: str, content: bytes | None) -> None:
        """Write one output atomically and record it; None: there is none, and no older one stays.

        Raises OSError naming the file.
        """
        version = key, NOTHING if content is None else digest(content)
        try:
            with self._path.open("a", encoding="utf-8") as stream:
                # The newline comes first: a torn line before this one must not swallow it.
                stream.write("\n" + json.dumps([name, *version]))
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error
        if content is None:
            (self.folder / name).unlink(missing_ok=True)
        else:
            write_bytes(self.folder / name, content)
        self._versions[name].add(version)


def _parse(line: bytes) -> list[str] | None:
    """A line's output name, key and content digest; None where it is blank or damaged.

    A killed run or a full disk tears lines, and a power failure fills them with anything.
    """
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(entry, list) and [type(part) for part in entry] == [str] * 3
    return entry if whole else None
