"""Files erased page by page by whatever erases pages, in whatever order."""

import io
import pickle

import numpy as np
import pytest
from PIL import Image

from data.documents import open_document
from infer.eraser import Eraser
from infer.pages import Job, encode, erase_files, make
from infer.where import Marks


def tiff(*levels):
    first, *rest = [Image.fromarray(np.full((9, 7), level, np.uint8)) for level in levels]
    stream = io.BytesIO()
    first.save(stream, "TIFF", save_all=True, append_images=rest)
    return stream.getvalue()


def job(name, content, *kinds):
    names = {kind: f"{kind}-{name}" for kind in kinds or ("image",)}
    return Job(open_document(name, content).path, content, "key", names)


def levels(content):
    with Image.open(io.BytesIO(content)) as image:
        found = []
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            found.append(int(np.asarray(image.convert("L"))[0, 0]))
        return found


def erased(page):
    shown = page.read()
    return encode(page, shown, {"image": 255 - shown.image, "mask": shown.image[..., 0]})


def pages_of(job):
    found = []

    def erase_pages(pages):
        found.extend(pages)
        yield from ()

    list(erase_files([job], erase_pages, open_document))
    return found


JOBS = [job("a.tif", tiff(1, 2, 3), "image", "mask"), job("b.tif", tiff(9)),
        job("c.tif", tiff(4, 5), "mask")]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (3, 0, 4, 2, 5, 1)])
def test_pages_come_back_in_any_order(order):
    def erase_pages(pages):
        pages = list(pages)
        assert [str(page) for page in pages] == [
            "a.tif: page 1", "a.tif: page 2", "a.tif: page 3", "b.tif", "c.tif: page 1",
            "c.tif: page 2"]
        for index in order:
            yield pages[index], erased(pages[index])

    results = {job.path.name: outcome for job, outcome in erase_files(
        JOBS, erase_pages, open_document)}
    assert sorted(results) == ["a.tif", "b.tif", "c.tif"]
    assert {name: {kind: levels(content) for kind, content in outcome.items()}
            for name, outcome in results.items()} == {
        "a.tif": {"image": [254, 253, 252], "mask": [1, 2, 3]}, "b.tif": {"image": [246]},
        "c.tif": {"mask": [4, 5]}}


@pytest.mark.parametrize("ahead", [1, 2, 6])
@pytest.mark.parametrize("error, message", [
    (ValueError("a.tif: page 2 is bad"), "a.tif: page 2 is bad"),
    (MemoryError(), "a.tif: page 2: not enough memory; a smaller --batch or --tile needs less")])
def test_a_page_that_fails_costs_its_file_and_no_other(ahead, error, message):
    """However many pages are under way at once; of the file no more are begun."""
    begun = []

    def erase_pages(pages):
        under_way = []
        for page in pages:
            begun.append(str(page))
            under_way.append(page)
            if len(under_way) == ahead:
                page = under_way.pop(0)
                yield page, error if str(page) == "a.tif: page 2" else erased(page)
        for page in under_way:
            yield page, error if str(page) == "a.tif: page 2" else erased(page)

    jobs = [job("a.tif", tiff(*range(20))), *JOBS[1:]]
    results = {job.path.name: outcome for job, outcome in erase_files(
        jobs, erase_pages, open_document)}
    assert sorted(results) == ["a.tif", "b.tif", "c.tif"]
    assert str(results["a.tif"]) == message
    assert levels(results["b.tif"]["image"]) == [246]
    assert sum("a.tif" in page for page in begun) <= ahead + 2


def test_a_file_that_cannot_be_opened_costs_no_other():
    def open_file(path, content):
        if path.name == "c.tif":
            raise ValueError("c.tif: is bad")
        return open_document(path, content)

    for jobs in (JOBS, JOBS[::-1], JOBS[2:]):
        results = {job.path.name: outcome for job, outcome in erase_files(
            jobs, lambda pages: ((page, erased(page)) for page in pages), open_file)}
        assert len(results) == len(jobs)
        assert str(results["c.tif"]) == "c.tif: is bad"


@pytest.mark.parametrize("wrong", ["open", "read", "write", "marks"])
def test_what_nobody_expected_costs_one_file(wrong):
    """Also where other machines get the pages."""
    def fail(*_):
        raise TypeError("unhashable type")

    class Odd(Marks):
        maps = fail

    def open_file(path, content):
        document = open_document(path, content)
        if path.name == "a.tif":
            if wrong == "open":
                fail()
            if wrong == "read":
                kind = type("Odd", (type(document),), {"__getitem__": fail})
                document = kind(path, content, None)
            elif wrong == "write":
                document.write = fail
        return document

    def erase_pages(pages):
        for page in pages:
            try:
                yield page, make(lambda image, progress: 255 - image, page.portable())
            except ValueError as error:
                yield page, error

    odd = job("a.tif", tiff(1, 2))
    if wrong == "marks":
        odd = odd._replace(marks=Odd())
    results = {job.path.name: outcome for job, outcome in erase_files(
        [odd, JOBS[1]], erase_pages, open_file)}
    assert isinstance(results["a.tif"], ValueError)
    page = ": page 1" if wrong in ("read", "marks") else ""
    assert str(results["a.tif"]) == f"a.tif{page}: unhashable type"
    assert levels(results["b.tif"]["image"]) == [246]


def test_pages_travel():
    """As other machines get them: pictures as files, pages of documents as they look."""
    seen = []

    def erase_pages(pages):
        for page in pages:
            sent = pickle.loads(pickle.dumps(page.portable()))
            np.testing.assert_array_equal(sent.read().image, page.read().image)
            seen.append(len(pickle.dumps(sent)))
            yield page, make(lambda image, progress: 255 - image, sent)

    results = [outcome for _, outcome in erase_files(
        [job("a.tif", tiff(1, 2)), JOBS[1]], erase_pages, open_document)]
    assert [levels(outcome["image"]) for outcome in results] == [[254, 253], [246]]
    assert max(seen) < 2000


def test_what_cannot_be_read_travels_as_the_error():
    class Damaged:
        def __getitem__(self, index):
            raise ValueError("a.pdf: page 2 cannot be read")

    [page] = pages_of(JOBS[1])
    sent = pickle.loads(pickle.dumps(page._replace(document=Damaged()).portable()))
    with pytest.raises(ValueError, match="a.pdf: page 2 cannot be read"):
        sent.read()


def test_flat_pages():
    content = tiff(100, 120)

    def erase_pages(pages):
        eraser = Eraser([lambda batch: (batch, batch[:, :1] * 0)], scale=1)
        for page in pages:
            yield page, make(eraser, page)

    for flat, expected in ((False, [100, 120]), (True, [255, 255])):
        [(_, outcome)] = erase_files([job("a.tif", content)], erase_pages, open_document, flat)
        assert levels(outcome["image"]) == expected
