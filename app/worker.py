"""The one thread that erases."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable

import numpy as np

from app.jobs import NO_SPACE, Job, Jobs, Page
from data.documents import open_document
from data.files import write_bytes
from data.image_io import PageImage, encode_image, read_grey, read_image, read_picture
from data.picture import shrink
from data.soft_mask import to_uint8

THUMB = 240  # pixels of a thumbnail's longer side
LOG = logging.getLogger("uvicorn.error")


class Unreadable(Exception):
    """Raised for a page that cannot be read; the message names the file as it was sent."""


class Worker(threading.Thread):
    """Loads an eraser, says so by `engine`, and works on what `jobs` has until they are closed.

    `make_eraser` makes one for each of `schema.What`: that for handwriting at once, and where that
    raises, `failed` gets the error and the thread ends; others when the first page asks for them. A
    page that takes more than `seconds` is given up.
    """

    def __init__(self, jobs: Jobs, make_eraser: Callable, failed: Callable[[Exception], object],
                 seconds: float):
        super().__init__(name="eraser", daemon=True)
        self._jobs, self._make, self._failed = jobs, make_eraser, failed
        self._seconds = seconds
        self.engine = ""

    def run(self) -> None:
        self._erasers = {}
        try:
            self.engine = str(self._eraser("handwriting").engine)
        except Exception as error:  # whatever it is, a server without an eraser is of no use
            self._failed(error)
            return
        while task := self._jobs.take():
            self._jobs.put_back(*task, *self._work(*task))

    def _eraser(self, what: str):
        if what not in self._erasers:
            self._erasers[what] = self._make(what)
        return self._erasers[what]

    def _work(self, job: Job, page: Page) -> tuple[str, str]:
        """Erase a page, or redo it with its strokes: its state then, and why it failed."""
        from infer.eraser import Cancelled

        begun = time.monotonic()

        def superseded() -> bool:
            return self._jobs.closed or job.cancelled or page.strokes is not page.taken

        def progress(done: int, total: int) -> bool:
            page.done, page.total = done, total
            return not superseded() and time.monotonic() < begun + self._seconds

        try:
            if page.version:
                self._redo(job, page, progress)
            else:
                self._erase(job, page, progress)
        except Cancelled:
            if superseded():
                return "cancelled", ""
            return "failed", f"it took more than {self._seconds / 60:g} minutes"
        except MemoryError:
            return "failed", "there is not enough memory for a page of this size"
        except Unreadable as error:
            return "failed", str(error)
        except Exception as error:  # the engines' exceptions have no base in common
            if isinstance(error, OSError) and error.errno in NO_SPACE:
                return "failed", "the server's disk is full"
            LOG.exception("a page cannot be erased")
            return "failed", "it cannot be erased; the server's messages say why"
        return "done", ""

    def _erase(self, job: Job, page: Page, progress: Callable) -> None:
        try:
            content = job.upload.read_bytes()
            with open_document(job.source, content, pages=str(page.number)) as document:
                original = document[0]
        except ValueError as error:
            raise Unreadable(str(error)) from None
        erased = self._eraser(job.what).run(original.image, progress=progress)
        _write(job, page, "input", original.image, original)
        self._show(job, page, original, *erased)
        for shown, kept in (("result", "erased"), ("mask", "seen")):
            shutil.copyfile(job.path(page, shown), job.path(page, kept))

    def _redo(self, job: Job, page: Page, progress: Callable) -> None:
        from app.edits import apply  # which imports Paddle
        from infer.eraser import Result

        original = read_picture(job.path(page, "input"))
        erased = Result(read_image(job.path(page, "erased")),
                        read_grey(job.path(page, "seen")).astype(np.float32) / 255)
        done = apply(self._eraser(job.what), original.image, erased, page.taken, progress)
        self._show(job, page, original, *done)

    def _show(
        self, job: Job, page: Page, original: PageImage, image: np.ndarray, mask: np.ndarray
    ) -> None:
        """Let a page show a result."""
        _write(job, page, "result", image, original)
        write_bytes(job.path(page, "mask"), encode_image(to_uint8(mask)))
        write_bytes(job.path(page, "thumb"), encode_image(shrink(image, THUMB), ".jpg", 80))
        page.version += 1


def _write(job: Job, page: Page, kind: str, image: np.ndarray, original: PageImage) -> None:
    """A picture of a page, with the resolution and the colours' profile that it came with."""
    content = encode_image(image, dpi=original.dpi, icc_profile=original.icc_profile)
    write_bytes(job.path(page, kind), content)
