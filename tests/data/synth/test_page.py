import itertools
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest

from data.synth import page, settings
from data.synth.fonts import Faces
from data.synth.page import KINDS, SynthOptions, compose, crops, draw_frame, render

KIND_BY_CAPTURE = list(itertools.product(KINDS, settings.SETTINGS))


def crop_bytes(index, kind=None):
    return [
        pair.image.tobytes() + pair.gt.tobytes() + pair.ink.tobytes()
        for pair in crops(3, index, 128, per_page=4, kind=kind)
    ]


@pytest.mark.parametrize("size", [(64, 64), (600, 800)])
@pytest.mark.parametrize(("kind", "capture"), KIND_BY_CAPTURE)
def test_every_kind_and_capture_renders_at_every_size(kind, capture, size):
    # Of a page with larger print a photo may show a part that nothing is written on.
    options = SynthOptions(capture=capture, print_height=(8.0, 30.0))
    pair = render(1, KIND_BY_CAPTURE.index((kind, capture)), kind, size, options)
    assert pair.image.shape == pair.gt.shape == (size[1], size[0], 3)
    assert pair.ink.shape == (size[1], size[0])
    assert pair.image.dtype == pair.gt.dtype == pair.ink.dtype == np.uint8
    if kind == "clean":
        np.testing.assert_array_equal(pair.image, pair.gt)
        assert not pair.ink.any()
    elif size == (600, 800):
        assert pair.ink.any() and (pair.image != pair.gt).any()


def test_a_page_of_35_megapixels_renders():
    pair = render(1, 0, "exam", (5000, 7000))
    assert pair.image.shape == (7000, 5000, 3)
    assert 0.001 < (pair.ink > 60).mean() < 0.2


@pytest.mark.parametrize("size", [(1, 1), (17, 300), (900, 40)])
def test_odd_sizes_render(size):
    assert render(0, 0, None, size).image.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("kind", [None, "comic", "watermark"])
def test_one_seed_gives_the_same_bytes_in_any_process_and_order(kind):
    here = [crop_bytes(index, kind) for index in (2, 0, 3, 1)]
    with ProcessPoolExecutor(4, get_context("spawn"), initializer=page.use_one_core) as pool:
        there = list(pool.map(crop_bytes, range(4), [kind] * 4))
    assert [there[index] for index in (2, 0, 3, 1)] == here
    assert len({crop for page_crops in there for crop in page_crops}) == 16


def test_crops_do_not_depend_on_how_many_are_taken():
    # Few are developed one by one, many are cut out of the page, developed at once.
    few, many = (list(crops(4, 1, 96, count)) for count in (3, 60))
    assert len(many) == 60
    for one, other in zip(few, many, strict=False):
        assert one.image.shape == (96, 96, 3)
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.gt, other.gt)
        np.testing.assert_array_equal(one.ink, other.ink)


@pytest.mark.parametrize("kind", ["exam", "comic", "watermark"])
def test_most_crops_of_written_pages_show_writing(kind):
    shares = [
        (pair.ink > 30).mean() for index in range(6) for pair in crops(5, index, 192, 8, kind)
    ]
    assert np.mean(np.array(shares) > 0) > 0.7


def test_print_heights_are_spread_evenly_over_their_logarithm():
    rng = np.random.default_rng(0)
    heights = [draw_frame(rng, None, 384, (8, 60))[1] for _ in range(4000)]
    counts, _ = np.histogram(np.log(heights), 13, (np.log(8), np.log(60)))
    assert counts.min() > 0.75 * 4000 / 13


def test_sheets_have_72_to_400_dots_per_inch():
    rng = np.random.default_rng(0)
    widths = []
    for _ in range(2000):
        (height, width), print_height = draw_frame(rng, None, None, (8, 60))
        shorter = min(height, width)
        assert 148 * 72 / 25.4 - 1 <= shorter <= 210 * 400 / 25.4 + 1
        assert 8 <= print_height <= 60
        widths.append(shorter)
    assert np.percentile(widths, 90) > 2 * np.percentile(widths, 10)


def test_kinds_come_with_their_shares():
    rng = np.random.default_rng(0)
    kinds = [page._draw_kind(rng, SynthOptions()) for _ in range(4000)]
    for kind, share in KINDS.items():
        assert kinds.count(kind) / 4000 == pytest.approx(share, abs=0.025)
    assert not {"comic", "watermark"} & set(kinds)  # there something else is erased
    asked = SynthOptions(kinds=("comic", "form"))
    kinds = [page._draw_kind(rng, asked) for _ in range(1000)]
    assert kinds.count("comic") / 1000 == pytest.approx(0.5, abs=0.05)
    assert set(kinds) == {"comic", "form"}


def test_what_is_kept_out_stays_out():
    options = SynthOptions(without_captures=("photo", "scan-grey", "screen"))
    names = {compose(1, index, "form", (80, 80), options).name for index in range(20)}
    assert names <= {"scan-colour", "scan-contrast", "scan-bitonal"}


def test_flags_reach_the_writer(monkeypatch):
    seen = []

    def write_on(sheet, rng, faces, **flags):
        seen.append((flags, {face.name for face in faces.hand_latin}))
        return []

    monkeypatch.setattr(page, "write_on", write_on)
    every = Faces.load().hand_latin
    options = SynthOptions(stamps_kept=False, dirt_kept=True, without_faces=(every[0].name,))
    render(0, 0, "exam", (80, 80), options)
    flags, names = seen[0]
    assert flags == {"stamps_kept": False, "dirt_kept": True}
    assert names == {face.name for face in every[1:]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"capture": "fax"}, "unknown capture"),
        ({"print_height": (30, 8)}, "print_height"),
        ({"kinds": ("exam", "poster")}, "unknown kind of page 'poster'; known: exam"),
        ({"capture": "photo", "without_captures": ("photo",)}, "no capture left"),
    ],
)
def test_options_that_make_no_sense_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(SynthOptions(), **change)


def test_unknown_kinds_and_empty_sizes_are_refused():
    with pytest.raises(ValueError, match="unknown kind of page .poster.; known: exam"):
        render(0, 0, "poster")
    for kind in ("comic", "watermark"):
        with pytest.raises(ValueError, match=f"not known of {kind} pages"):
            render(0, 0, kind, (64, 64), SynthOptions(chars=True))
    with pytest.raises(ValueError, match="needs pixels"):
        render(0, 0, None, (0, 10))
