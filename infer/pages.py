"""From files to results: each file opened, its pages erased one by one and put together again.

Pages are erased in this process or on a cluster (`infer.cluster`), in any order; a file is done
when its last page is. What is encoded stays in memory until then, what is decoded does not.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from data.documents import Document, ImageDocument, encode_page, write_tiff
from data.errors import reason
from data.image_io import PageImage, encode_image
from data.pipeline import overlapped
from data.soft_mask import to_uint8
from infer.eraser import Eraser, Progress
from infer.flatten import flatten
from infer.record import Record
from infer.where import Marks

MEMORY = "not enough memory; a smaller --batch or --tile needs less"
FAILURES = (ValueError, OSError, MemoryError)
Outcome = dict[str, bytes] | Exception  # the contents of the files wanted, or why there are none


class Job(NamedTuple):
    """A file to erase and the names of the files wanted of it, of 'image', 'mask' and 'record'."""

    path: Path
    content: bytes
    key: str  # of the manifest
    names: dict[str, str]
    marks: Marks = Marks()


class Page(NamedTuple):
    """A page of a file, and the suffixes of the files wanted of that."""

    path: Path
    number: int | None  # of a document's page; an image's only one has none
    index: int
    document: Document | dict[int, PageImage | Exception]
    suffixes: dict[str, str]
    flat: bool  # to be evened out afterwards
    marks: Marks = Marks()
    pages: int = 1  # of its file that are erased

    def __str__(self) -> str:
        return str(self.path) if self.number is None else f"{self.path}: page {self.number}"

    def read(self) -> PageImage:
        """What is on it. ValueError, OSError or MemoryError where that cannot be read."""
        with named(self):
            shown = self.document[self.index]
        if isinstance(shown, Exception):
            raise shown
        return shown

    def portable(self) -> Page:
        """The page as it can be sent to another machine: an image as it is, another one read."""
        if isinstance(self.document, ImageDocument):
            return self
        try:
            shown = self.read()
        except FAILURES as error:
            shown = error
        return self._replace(document={self.index: shown})


@contextmanager
def named(what: object) -> Iterator[None]:
    """What goes wrong within is one of FAILURES: libraries raise almost anything on odd files."""
    try:
        yield
    except FAILURES:
        raise
    except Exception as error:
        raise ValueError(f"{what}: {reason(error)}") from error


def make(eraser: Eraser, page: Page) -> dict[str, bytes]:
    """A page's share of every file wanted. Raises ValueError naming the page."""
    shown = page.read()
    return encode(page, shown, compute(eraser, page, shown.image))


def compute(
    eraser: Eraser, page: Page, image: np.ndarray, progress: Progress | None = None
) -> dict[str, np.ndarray | Record]:
    """What is wanted of a page, by kind. Raises ValueError naming the page, or a mask of it."""
    start = time.perf_counter()
    with named(page):
        marked, free, holes = page.marks.maps(
            page.path, page.number, page.index, page.pages, image.shape[:2])
    try:
        if (all(one is None for one in (marked, free, holes))
                and page.suffixes.keys() <= {"image"}):
            erased, mask = eraser(image, progress), None
        else:
            erased, mask = eraser.run(image, free, progress=progress, holes=holes, marked=marked)
        if page.flat:
            erased = flatten(erased)
        if mask is None:
            return {"image": erased}
        seconds, mask = time.perf_counter() - start, to_uint8(mask)
        return {"image": erased, "mask": mask,
                "record": Record(image, erased, mask, seconds, page.number)}
    except (OSError, MemoryError):
        raise
    except Exception as error:  # the engines' exceptions have no base in common
        raise ValueError(f"{page}: cannot be erased; a smaller --tile needs less memory: "
                         f"{reason(error)}") from error


def encode(
    page: Page, shown: PageImage, made: dict[str, np.ndarray | Record]
) -> dict[str, bytes]:
    """A page's share of every file wanted. Raises ValueError naming the page."""
    contents = {}
    try:
        for kind, suffix in page.suffixes.items():
            if kind == "image":
                contents[kind] = encode_page(shown, made[kind], suffix)
            elif kind == "mask":
                contents[kind] = encode_image(made[kind], suffix, dpi=shown.dpi)
            else:
                contents[kind] = made[kind].encode()
    except ValueError as error:
        raise ValueError(f"{page}: {error}") from None
    return contents


def erase_here(eraser: Eraser, pages: Iterable[Page]) -> Iterator[tuple[Page, Outcome]]:
    """Yield every page with its share of the files wanted, or why there is none."""
    def read(page: Page) -> tuple[Page, PageImage]:
        return page, page.read()

    def work(opened: tuple[Page, PageImage]) -> tuple[Page, PageImage, dict]:
        page, shown = opened
        name = page.path.name if page.number is None else f"{page.path.name} {page.number}"
        # disable=None: on terminals only, since a log would keep every step of it.
        bar = tqdm(desc=name, unit="tile", leave=False, dynamic_ncols=True, disable=None)

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        with closing(bar):
            return page, shown, compute(eraser, page, shown.image, progress)

    for page, done in overlapped(pages, read, work, lambda erased: encode(*erased)):
        try:
            yield page, done.result()
        except FAILURES as error:
            yield page, error


def erase_files(
    jobs: Iterable[Job], erase_pages: Callable[[Iterable[Page]], Iterator[tuple[Page, Outcome]]],
    open_file: Callable[[Path, bytes], Document], flat: bool = False,
) -> Iterator[tuple[Job, Outcome]]:
    """Yield every job with the files wanted of it, or why there are none.

    `flat` evens out the pages' light. After a page that fails no more of its file are begun.
    """
    begun: dict[Path, _Assembly] = {}
    ended: list[tuple[Job, Outcome]] = []  # without any page erased

    def pages() -> Iterator[Page]:
        for job in jobs:
            try:
                with named(job.path):
                    document = open_file(job.path, job.content)
            except FAILURES as error:
                ended.append((job, error))
                continue
            if document.hint:
                say(f"{job.path}: {document.hint}")
            assembly = _Assembly(job, document)
            if not len(document):
                ended.append((job, assembly.finish()))
                continue
            begun[job.path] = assembly
            suffixes = {kind: Path(name).suffix for kind, name in job.names.items()}
            several = document.kind != "image"
            for index, number in enumerate(document.numbers):
                if assembly.error:
                    break
                assembly.begun += 1
                yield Page(job.path, number if several else None, index, document, suffixes,
                           flat, job.marks, len(document))

    try:
        with closing(erase_pages(pages())) as outcomes:
            for page, outcome in outcomes:
                assembly = begun[page.path]
                assembly.take(page, outcome)
                if assembly.complete:
                    yield begun.pop(page.path).job, assembly.finish()
                while ended:
                    yield ended.pop(0)
        yield from ended
    finally:
        for assembly in begun.values():
            assembly.document.close()


class _Assembly:
    """A file's results while they come in."""

    def __init__(self, job: Job, document: Document):
        self.job, self.document = job, document
        self.begun = self._done = 0  # pages
        self.error: Exception | None = None
        self._parts: dict[int, dict[str, bytes]] = {}  # index of the page: kind: its share

    @property
    def complete(self) -> bool:
        whole = self.error is not None or self._done == len(self.document)
        return whole and self._done == self.begun

    def take(self, page: Page, outcome: Outcome) -> None:
        self._done += 1
        if isinstance(outcome, MemoryError):
            outcome = ValueError(f"{page}: {MEMORY}")
        if isinstance(outcome, Exception):
            self.error = self.error or outcome
        else:
            self._parts[page.index] = outcome

    def finish(self) -> Outcome:
        self.document.close()
        if self.error:
            return self.error
        results = {}
        try:
            for kind in self.job.names:
                stream = io.BytesIO()
                contents = [self._parts[index][kind] for index in range(len(self.document))]
                if kind == "record":
                    stream.writelines(contents)
                elif kind == "image" or self.document.kind == "image":
                    with named(self.job.path):
                        self.document.write(stream, contents)
                elif contents:  # no TIFF is without a page
                    write_tiff(stream, contents)
                else:
                    continue
                results[kind] = stream.getvalue()
        except FAILURES as error:
            return error
        return results


def say(text: str) -> None:
    """A note on stderr that leaves progress bars whole."""
    tqdm.write(f"test.py: {text}", file=sys.stderr)
