"""What may change of a page, as words, masks and boxes say."""

import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from infer import detector
from infer.eraser import Eraser
from infer.where import Marks, Where, cover, printed
from infer.words import Word

SHAPE = (60, 100)
PAGE = Path("pages/exam.png")


def box(left, top, right, bottom):
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float)


def word(*sides):
    return Word(box(*sides), box(*sides), 0.9)


def png(picture, suffix="PNG", *more):
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, suffix, **(
        {"save_all": True, "append_images": list(map(Image.fromarray, more))} if more else {}))
    return stream.getvalue()


def change(only=(), protect=(), number=None, index=0, pages=1, shape=SHAPE):
    """What masks and boxes let change, with no word of words."""
    marked, free, _ = Marks(only, protect).maps(PAGE, number, index, pages, shape)
    return free if marked is None else marked if free is None else marked & free


def mask_of(*boxes):
    picture = np.zeros(SHAPE, np.uint8)
    for left, top, right, bottom in boxes:
        picture[top:bottom, left:right] = 255
    return picture


def darker(batch):
    """An eraser of everything: 40 grey levels darker, and all of it ink."""
    return batch - 40 / 255, np.ones((len(batch), 1, *batch.shape[2:]), np.float32)


@pytest.fixture
def eraser(monkeypatch):
    """eraser(WHERE, WORDS): an Eraser of everything, on a page with these words."""
    def make(where, words):
        class Finder:
            def __init__(self, weights, **_):
                assert weights is where.weights

            def __call__(self, image):
                return words

        monkeypatch.setattr(detector, "Detector", Finder)
        return Eraser([darker], where=where, tile=64, margin=8, quality="published")
    return make


def test_covered_is_what_an_outline_holds():
    covered = cover([box(10, 20, 30, 40)], SHAPE)
    assert covered[20:40, 10:30].all() and covered.sum() <= 21 * 21
    assert cover([box(-1e30, -1e30, 1e30, 1e30)], SHAPE).all()
    assert not cover([], SHAPE).any()


@pytest.mark.parametrize("only, protect", [(None, None), ("words", "words"), ("print", None),
                                           (None, "letters")])
def test_a_choice_that_is_none_is_refused(only, protect):
    with pytest.raises(ValueError, match=f"{only}.*{protect}"):
        Where(only, protect)


def test_nothing_changes_outside_of_words_or_inside(eraser):
    page = np.random.default_rng(0).integers(100, 200, (*SHAPE, 3), np.uint8)
    words = [word(10, 5, 40, 20), word(60, 30, 95, 50)]
    inside = cover([one.polygon for one in words], SHAPE)
    for where, changed in ((Where(only="words"), inside), (Where(protect="words"), ~inside)):
        out = eraser(where, words)(page)
        np.testing.assert_array_equal(out, np.where(changed[..., None], page - 40, page))
    # What else may be said of a page holds as well.
    result = eraser(Where(only="words"), words).run(page, where=[(0, 0, 100, 25)])
    both = inside & (np.arange(60) < 25)[:, None]
    np.testing.assert_array_equal(result.image, np.where(both[..., None], page - 40, page))


def test_without_words(eraser):
    page = np.full((*SHAPE, 3), 200, np.uint8)
    assert (eraser(Where(only="words"), [])(page) == page).all()
    for protect in ("words", "print"):
        assert (eraser(Where(protect=protect), [])(page) == page - 40).all()


@pytest.mark.parametrize("paper, ink", [(240, 30), (20, 220)], ids=["dark on light", "light"])
def test_print_is_what_the_mask_does_not_see(paper, ink):
    page = np.full((*SHAPE, 3), paper, np.uint8)
    for x in (10, 60):
        cv2.putText(page, "abc", (x, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (ink,) * 3, 2)
    strokes = page[..., 0] != paper
    mask = np.zeros(SHAPE, np.float32)
    mask[:, 50:] = strokes[:, 50:]  # the second word is written
    print_, hand = word(5, 10, 45, 40), word(55, 10, 95, 40)
    keep = printed([print_, hand], page, mask)
    assert keep[10:40, 5:45].all() and not keep[:, 50:].any()
    # A stroke through the print goes with its rim, and the rest of the print stays.
    mask[12:14, :50] = 1
    keep = printed([print_], page, mask)
    assert not keep[9:17].any() and keep[17:40, 5:45].all()
    # Doubt is no ink.
    assert printed([hand], page, mask * 0.4)[10:40, 55:95].all()


def test_protected_print_is_put_back_and_out_of_the_mask(eraser):
    page = np.full((*SHAPE, 3), 240, np.uint8)
    cv2.putText(page, "abc", (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (30, 30, 30), 2)
    one = eraser(Where(protect="print"), [word(5, 10, 45, 40)])
    one._networks = [lambda batch: (batch - 40 / 255, np.full_like(batch[:, :1], 0.3))]
    image, mask = one.run(page)
    keep = cover([box(5, 10, 45, 40)], SHAPE)
    np.testing.assert_array_equal(image, np.where(keep[..., None], page, page.clip(40) - 40))
    np.testing.assert_allclose(mask, np.where(keep, 0, 0.3))


def test_masks():
    given = (Path("m.png"), png(mask_of((10, 5, 40, 20))))
    inside = mask_of((10, 5, 40, 20)) > 0
    assert change() is None
    np.testing.assert_array_equal(change([given]), inside)
    np.testing.assert_array_equal(change((), [given]), ~inside)
    other = (Path("n.png"), png(mask_of((30, 0, 100, 60))))
    np.testing.assert_array_equal(change([given], [other]),
                                  mask_of((10, 5, 30, 20)) > 0)
    np.testing.assert_array_equal(change([given, other]),
                                  mask_of((10, 5, 40, 20), (30, 0, 100, 60)) > 0)
    grey = np.array([[127, 128]], np.uint8).repeat(60, 0).repeat(50, 1)
    np.testing.assert_array_equal(change([(Path("g.png"), png(grey))]), grey > 127)


@pytest.mark.parametrize("level, marked", [(255, True), (0, False)])
def test_a_layer_marks_with_its_light_strokes_alone(level, marked):
    layer = np.full((*SHAPE, 4), 255 - level, np.uint8)
    layer[..., 3] = 0
    layer[5:20, 10:40] = level, level, level, 255
    wanted = (mask_of((10, 5, 40, 20)) > 0) & marked
    for content in (png(layer), png(layer[..., [0, 3]])):
        np.testing.assert_array_equal(change([(Path("m.png"), content)]), wanted)


def test_words_and_marks_together(eraser):
    page = np.full((*SHAPE, 3), 200, np.uint8)
    words, marked = [word(10, 5, 40, 20)], mask_of((60, 30, 95, 50)) > 0
    inside = cover([words[0].polygon], SHAPE)
    for where, changed in ((Where(only="words"), inside | marked),
                           (Where(protect="words"), ~inside & marked),
                           (Where(only="words", protect="print"), inside | marked)):
        result = eraser(where, words).run(page, marked=marked)
        np.testing.assert_array_equal(result.image[..., 0] == 160, changed)
        boxes = eraser(where, words).run(page, marked=[(60, 30, 95, 50)])
        np.testing.assert_array_equal(boxes.image, result.image)
        with pytest.raises(ValueError, match="marked must be"):
            eraser(where, words).run(page, marked=marked.astype(np.uint8))
    free = mask_of((0, 0, 100, 40)) > 0
    result = eraser(Where(only="words"), words).run(page, free, marked=marked)
    np.testing.assert_array_equal(result.image[..., 0] == 160, (inside | marked) & free)
    plain = Eraser([darker], tile=64, margin=8, quality="published")
    np.testing.assert_array_equal(plain.run(page, marked=marked).image[..., 0] == 160, marked)


def test_masks_of_documents():
    masks = [mask_of((0, 0, 10 * n, 10)) for n in (1, 2, 3)]
    several = (Path("m.tif"), png(masks[0], "TIFF", *masks[1:]))
    for index, mask in enumerate(masks):
        np.testing.assert_array_equal(
            change([several], number=index + 5, index=index, pages=3), mask > 0)
    with pytest.raises(ValueError, match=r"m\.tif: is of 3 pages, but 2 of pages/exam\.png"):
        change([several], number=1, pages=2)
    one = (Path("m.png"), png(masks[0]))
    np.testing.assert_array_equal(change([one], number=2, index=1, pages=3), masks[0] > 0)


def boxes(*entries):
    return (Path("b.json"), json.dumps(entries).encode())


def test_boxes():
    entry = {"file": "elsewhere/exam.jpg", "width": 100, "height": 60, "words": [
        {"quad": [[0, 0]] * 4, "polygon": box(10, 5, 40, 20).tolist(), "score": 1},
        {"quad": box(60, 30, 95, 50).tolist()}]}
    wanted = cover([box(10, 5, 40, 20), box(60, 30, 95, 50)], SHAPE)
    other = {"file": "other.png", "boxes": [[0, 0, 100, 60]]}
    np.testing.assert_array_equal(change([boxes(other, entry)]), wanted)
    np.testing.assert_array_equal(
        change([boxes({"file": "exam", "boxes": [[10, 5, 40, 20], [60, 30, 95, 50]]})]), wanted)
    pages = [{"file": "exam.pdf", "page": n, "boxes": [[0, 0, 10 * n, 10]]} for n in (1, 2)]
    np.testing.assert_array_equal(change([boxes(*pages)], number=2, index=0, pages=1),
                                  cover([box(0, 0, 20, 10)], SHAPE))
    assert not change([boxes({"file": "exam"})]).any()


@pytest.mark.parametrize("name, content, why", [
    ("m.png", png(np.zeros((60, 99), np.uint8)), "is 99x60 pixels, but its page .* is 100x60"),
    ("m.png", b"no image", "cannot be read"),
    ("b.json", b"{", "not boxes"),
    ("b.json", b"[3]", "not boxes"),
    ("b.json", b"[]", "has no entry for page 1 of .*exam.png"),
    ("b.json", json.dumps([{"file": "exam", "words": [{}]}]).encode(), "not boxes.*quad"),
    ("b.json", json.dumps([{"file": "exam", "boxes": [[1, 2, 3]]}]).encode(), "not boxes"),
    ("b.json", json.dumps([{"file": "exam", "words": [{"quad": []}]}]).encode(), "three points"),
    ("b.json", b'[{"file": "exam", "boxes": [[0, 0, NaN, 1]]}]', "three points"),
    ("b.json", b"[" * 100_000, "not boxes"),
    ("b.json", b'[{"file": "exam", "boxes": [[0, 0, 1%s, 1]]}]' % (b"0" * 400), "not boxes"),
    ("b.json", json.dumps([{"file": "exam", "width": 9, "height": 8}]).encode(),
     "about 9x8 pixels, but its page .*exam.png is 100x60"),
])
def test_what_cannot_be_used_is_named(name, content, why):
    with pytest.raises(ValueError, match=rf"{name}: .*{why}"):
        change([(Path(name), content)])


def test_holes_are_what_any_file_marks():
    files = [(Path(f"{name}.png"), png(mask_of(box)))
             for name, box in (("a", (2, 3, 9, 8)), ("b", (7, 3, 12, 8)))]
    marked, free, holes = Marks(holes=tuple(files)).maps(PAGE, None, 0, 1, SHAPE)
    assert marked is free is None
    np.testing.assert_array_equal(holes, mask_of((2, 3, 12, 8)) > 0)


def test_files_of_a_page(tmp_path):
    folder = tmp_path / "marks"
    folder.mkdir()
    (folder / "exam.json").write_bytes(b"[]")
    single = tmp_path / "all.png"
    single.write_bytes(b"x")
    assert Marks.read([folder, single], [single], PAGE, [single]) == (
        ((folder / "exam.json", b"[]"), (single, b"x")), ((single, b"x"),), ((single, b"x"),))
    with pytest.raises(ValueError, match=r"other\.png: no mask or boxes .*other\.\*"):
        Marks.read([folder], [], Path("other.png"))
    (folder / "exam.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"exam\.png: several files"):
        Marks.read([], [folder], PAGE)
