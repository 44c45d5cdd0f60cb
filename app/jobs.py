"""The documents that were sent: a queue of their pages, and where their files are."""

from __future__ import annotations

import errno
import secrets
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from app.schema import Stroke

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Full(Exception):
    """Raised by `Jobs.add` where as many documents wait as may."""


@dataclass
class Page:
    """A page and what is shown of it; see `schema.Page`."""

    number: int
    width: int
    height: int
    state: str = "waiting"
    done: int = 0
    total: int = 0
    version: int = 0
    detail: str = ""
    strokes: list[Stroke] = field(default_factory=list)
    taken: list[Stroke] | None = None  # those that the worker goes by


@dataclass
class Job:
    """A document. `path` gives the files of its pages, which its folder holds."""

    id: str
    name: str
    source: Path  # what to open it as: a bare name with the suffix that fits
    folder: Path
    pages: list[Page]
    used: float  # when somebody last asked for it
    what: str  # to erase; see `schema.What`
    cancelled: bool = False

    @property
    def state(self) -> str:
        states = {page.state for page in self.pages}
        if self.cancelled:
            return "cancelled"
        if states == {"waiting"}:
            return "waiting"
        if states & {"waiting", "running"}:
            return "running"
        return "done" if "done" in states else "failed"

    @property
    def upload(self) -> Path:
        return self.folder / "upload"

    def path(self, page: Page, kind: str) -> Path:
        return self.folder / f"{page.number}.{kind}"


class Jobs:
    """All documents, shared between the requests' threads and the worker's.

    At most `queue` documents wait; what is finished is forgotten `seconds` after its last use.
    """

    def __init__(self, folder: Path, queue: int, seconds: float):
        self._folder, self._queue, self._seconds = folder, queue, seconds
        self._jobs: dict[str, Job] = {}  # in the order in which they came
        self._changed = threading.Condition()
        self.closed = False

    @property
    def waiting(self) -> int:
        """How many documents wait for their first page."""
        with self._changed:
            return sum(all(page.state == "waiting" and not page.version for page in job.pages)
                       for job in self._jobs.values())

    def add(
        self, name: str, source: Path, content: bytes, sizes: list[tuple[int, int]],
        what: str = "handwriting",
    ) -> Job:
        """Queue a document with pages of these widths and heights. Raises Full or OSError."""
        job_id = secrets.token_urlsafe(16)
        pages = [Page(number, *size) for number, size in enumerate(sizes, 1)]
        job = Job(job_id, name, source, self._folder / job_id, pages, time.monotonic(), what)
        with self._changed:
            if self.waiting >= self._queue:
                raise Full
            job.folder.mkdir()
            try:
                job.upload.write_bytes(content)
            except OSError:
                shutil.rmtree(job.folder, ignore_errors=True)
                raise
            self._jobs[job.id] = job
            self._changed.notify()
        return job

    def get(self, job_id: str) -> Job:
        """A document by its id. Raises KeyError for one unknown or forgotten."""
        with self._changed:
            job = self._jobs[job_id]
            job.used = time.monotonic()
            return job

    def edit(self, page: Page, strokes: list[Stroke]) -> None:
        """Have a page redone with these strokes: before all first passes, and soon."""
        with self._changed:
            page.strokes = strokes
            if page.state != "running":  # the worker sees that it is superseded
                page.state, page.done, page.total = "waiting", 0, 0
            self._changed.notify()

    def drop(self, job: Job) -> None:
        """Forget a document and cancel what is left to do of it."""
        with self._changed:
            self._jobs.pop(job.id, None)
            job.cancelled = True
            if not any(page.state == "running" for page in job.pages):
                shutil.rmtree(job.folder, ignore_errors=True)

    def forget(self) -> None:
        """Drop what nobody has asked for in a while."""
        oldest = time.monotonic() - self._seconds
        with self._changed:
            for job in list(self._jobs.values()):
                if job.used < oldest and job.state in ("done", "failed"):
                    self.drop(job)

    def close(self) -> None:
        """Let the worker end."""
        with self._changed:
            self.closed = True
            self._changed.notify()

    def take(self) -> tuple[Job, Page] | None:
        """Wait for a page to work on: one to be redone, or else the first; None in the end."""
        with self._changed:
            while not self.closed:
                waiting = [(job, page) for job in self._jobs.values() for page in job.pages
                           if page.state == "waiting"]
                if waiting:
                    job, page = min(waiting, key=lambda pair: pair[1].version == 0)
                    page.state, page.done, page.total = "running", 0, 0
                    page.taken = page.strokes
                    return job, page
                self._changed.wait()
        return None

    def put_back(self, job: Job, page: Page, state: str, detail: str = "") -> None:
        """End the work on a page; `state` is what became of it. With newer strokes it waits."""
        with self._changed:
            if page.strokes is not page.taken and not job.cancelled:
                state, detail = "waiting", ""
            page.state, page.detail, job.used = state, detail, time.monotonic()
            if job.cancelled:
                shutil.rmtree(job.folder, ignore_errors=True)
