import itertools

import numpy as np
import pytest

from infer.tiles import EVERYTHING, MULTIPLE, Place, Tiling, check_page, count_tiles, each_tile

# Tile and margin: as published, none thrown away, nearly all thrown away, steps of odd lengths.
TILINGS = [Tiling(tile, margin, even) for even in (False, True)
           for tile, margin in ((512, 106), (32, 0), (64, 31), (96, 31), (128, 17))]


def make_page(height, width):
    return np.random.default_rng(height * 1000 + width).integers(
        0, 256, (height, width, 3), dtype=np.uint8)


def join(parts, shape):
    """Paste tiles into a page, asserting that they overlap nowhere and leave no gap."""
    page = np.full((*shape[:2], 3), np.nan, np.float32)
    for place, tile in parts:
        assert np.isnan(page[place]).all()
        page[place] = tile
    assert not np.isnan(page).any()
    return page


@pytest.mark.parametrize("tiling", TILINGS, ids=str)
def test_kept_parts_meet_and_lie_inside_their_tiles(tiling):
    for length in [*range(1, 4 * tiling.step + 2), 20_000]:
        spans, side = tiling.spans(length), tiling.side(length)
        assert spans[0].begin == 0
        assert spans[-1].end == length
        assert all(one.end == other.begin for one, other in itertools.pairwise(spans))
        assert side % MULTIPLE == 0
        assert side <= tiling.tile
        for span in spans:
            assert span.begin < span.end
            low = 0 if tiling.even and span.begin == 0 else tiling.margin
            high = 0 if tiling.even and span.end == length else tiling.margin
            assert span.start + low <= span.begin
            assert span.end <= span.start + side - high
        if tiling.even:
            assert spans[-1].start + side < length + MULTIPLE  # no more than rounding asks for
        elif length > tiling.step:  # the last tile is pulled back: its kept part is whole
            assert spans[-1].end - spans[-1].begin == tiling.step


@pytest.mark.parametrize("tile, margin", [(128, 40), (96, 32), (512, 106)])
def test_aligned_tiles_begin_and_meet_on_a_grid(tile, margin):
    """They lose a margin's part for it, less than the grid's step."""
    tiling = Tiling(tile, margin, even=True, aligned=True)
    for length in range(1, 4 * tiling.step + 2):
        spans, side = tiling.spans(length), tiling.side(length)
        assert spans[0].begin == 0 and spans[-1].end == length
        assert spans[-1].start + side == -(-length // MULTIPLE) * MULTIPLE
        for one, other in itertools.pairwise(spans):
            assert one.end == other.begin and one.end % MULTIPLE == other.start % MULTIPLE == 0
            assert other.start + margin - MULTIPLE < other.begin
            assert one.end < one.start + side - margin + MULTIPLE
    assert tiling.scaled(0.5) == Tiling(2 * tile, 2 * margin, True, 2 * MULTIPLE, True)


@pytest.mark.parametrize("shrink", [2, 4])
def test_what_aligned_tiles_become_may_be_smaller(shrink):
    page = make_page(301, 451)
    tiling = Tiling(128, 40, even=True, aligned=True)
    small = np.zeros((-(-301 // shrink), -(-451 // shrink), 3), np.uint8)
    for place, tile in each_tile(page, lambda tiles: tiles[:, ::shrink, ::shrink], tiling):
        top, left = (part.start // shrink for part in place)
        small[top:top + tile.shape[0], left:left + tile.shape[1]] = tile
    np.testing.assert_array_equal(small, page[::shrink, ::shrink])


def test_even_tiles_are_few_and_no_larger_than_needed():
    tiling = Tiling(1024, 64, even=True)
    assert [tiling.side(length) for length in (20, 640, 1024, 1025, 2339)] == [
        32, 640, 1024, 608, 896]
    for shape in ((2339, 1654), (3508, 2480), (14_000, 20_000)):
        count = count_tiles(EVERYTHING, shape, tiling)
        sides = tiling.side(shape[0]) * tiling.side(shape[1])
        assert count * sides < 1.4 * shape[0] * shape[1]


@pytest.mark.parametrize("tiling", [Tiling(64, 10), Tiling(64, 10, even=True)], ids=str)
def test_a_box_is_cut_alone_but_sees_what_is_around_it(tiling):
    page = make_page(120, 200)
    box = Place(slice(31, 97), slice(40, 131))
    seen, covered = [], np.zeros(page.shape[:2], int)
    for place, tile in each_tile(page, lambda tiles: seen.extend(tiles) or tiles, tiling, box=box):
        np.testing.assert_array_equal(tile, page[place])
        covered[place] += 1
    assert len(seen) == count_tiles(box, page.shape, tiling)
    assert (covered[box] == 1).all()
    assert covered.sum() == covered[box].sum()
    beyond = 0 if tiling.even else 10
    np.testing.assert_array_equal(
        seen[0][:60, :60], page[31 - beyond:91 - beyond, 40 - beyond:100 - beyond])


@pytest.mark.parametrize("tiling", TILINGS, ids=str)
def test_identity_survives(tiling):
    step, margin = tiling.step, tiling.margin
    lengths = sorted({1, 2, max(1, margin - 1), step - 1 or 1, step, step + 1, 2 * step + 1})
    for height, width in {*zip(lengths, reversed(lengths), strict=True), (1, 1), (1, lengths[-1]),
                          (lengths[-1], 1), (step, step), (step + 1, step + 1)}:
        page = make_page(height, width)
        parts = each_tile(page, lambda tiles: tiles.astype(np.float32), tiling, batch=3)
        np.testing.assert_array_equal(join(parts, page.shape), page)


@pytest.mark.parametrize("batch", [1, 2, 4, 100])
def test_what_a_function_sees(batch):
    tiling, page, seen = Tiling(64, 10), make_page(100, 150), []

    def record(tiles):
        seen.extend(tiles)
        assert tiles.dtype == np.uint8
        assert len(tiles) <= batch
        return tiles[..., :1].astype(np.float32)

    parts = list(each_tile(page, record, tiling, batch))
    padded = np.pad(page, ((10, 10), (10, 10), (0, 0)), "reflect")
    corners = [(y, x) for y in (0, 44, 56) for x in (0, 44, 88, 106)]
    assert len(seen) == len(corners) == count_tiles(EVERYTHING, page.shape, tiling)
    for tile, (y, x) in zip(seen, corners, strict=True):
        np.testing.assert_array_equal(tile, padded[y:y + 64, x:x + 64])
    assert [(place.rows.start, place.columns.start) for place, _ in parts] == corners
    assert all(tile.shape[2] == 1 for _, tile in parts)


def test_small_pages_cost_small_tiles():
    seen = []
    page = make_page(5, 200)
    for tiling in (Tiling(), Tiling(even=True)):
        list(each_tile(page, lambda tiles: seen.append(tiles.shape) or tiles, tiling))
    # The next multiples of 32 from 5 + 212 and 200 + 212; from 5 and 200.
    assert seen == [(1, 224, 416, 3), (1, 32, 224, 3)]


def test_unwanted_tiles_are_left_out():
    tiling, page = Tiling(32, 0), make_page(96, 128)
    wanted = {(0, 32), (64, 96)}
    calls = []

    def count(tiles):
        calls.append(len(tiles))
        return tiles.astype(np.float32)

    def corner(place):
        return place.rows.start, place.columns.start

    parts = list(each_tile(page, count, tiling, 8, lambda place: corner(place) in wanted))
    assert calls == [2]
    assert len(parts) == 12
    for place, tile in parts:
        assert (tile is not None) == (corner(place) in wanted)
        if tile is not None:
            np.testing.assert_array_equal(tile, page[place])


@pytest.mark.parametrize("tile, margin", [
    (0, 0), (-32, 0), (100, 10), (64, -1), (64, 32), (64, 40), (64, float("nan")),
])
def test_wrong_settings(tile, margin):
    with pytest.raises(ValueError, match=f"must.*{margin if tile == 64 else tile}"):
        Tiling(tile, margin)


@pytest.mark.parametrize("page", [
    np.zeros((9, 9, 3), np.float32), np.zeros((9, 9, 3), np.uint16), np.zeros((9, 9), np.uint8),
    np.zeros((9, 9, 4), np.uint8), np.zeros((0, 9, 3), np.uint8), np.zeros(9, np.uint8),
    np.zeros((1, 9, 9, 3), np.uint8),
], ids=lambda page: f"{page.dtype} {page.shape}")
def test_what_is_no_page(page):
    with pytest.raises(ValueError) as caught:
        check_page(page)
    assert str(caught.value).endswith(f"as uint8 H,W,3, got {page.dtype} {page.shape}")
