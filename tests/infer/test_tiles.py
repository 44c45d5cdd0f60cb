import numpy as np
import pytest

from infer.tiles import MULTIPLE, Tiling, count_tiles, strips

# Tile and margin: as published, none thrown away, nearly all thrown away, steps of odd lengths.
TILINGS = [Tiling(), Tiling(32, 0), Tiling(64, 31), Tiling(96, 31), Tiling(128, 17)]


def make_page(height, width):
    return np.random.default_rng(height * 1000 + width).integers(
        0, 256, (height, width, 3), dtype=np.uint8)


def join(parts, shape):
    """Paste strips into a page, asserting that they come in order and leave no gap."""
    page, end = np.full((*shape[:2], 3), np.nan, np.float32), 0
    for rows, strip, _ in parts:
        if strip is not None:
            assert rows.start == end
            page[rows], end = strip, rows.stop
    assert end == shape[0]
    return page


@pytest.mark.parametrize("tiling", TILINGS, ids=str)
def test_kept_parts_meet_and_lie_inside_their_tiles(tiling):
    for length in [*range(1, 4 * tiling.step + 2), 20_000]:
        spans, side = tiling.spans(length), tiling.side(length)
        assert spans[0][0] == 0
        assert spans[-1][1] == length
        assert all(end == begin for (_, end), (begin, _) in zip(spans, spans[1:], strict=False))
        assert side % MULTIPLE == 0
        assert side <= tiling.tile
        assert all(0 < end - begin <= side - 2 * tiling.margin for begin, end in spans)
        if length > tiling.step:  # the last tile is pulled back: its kept part is whole
            assert spans[-1][1] - spans[-1][0] == tiling.step


@pytest.mark.parametrize("tiling", TILINGS, ids=str)
def test_identity_survives(tiling):
    step, margin = tiling.step, tiling.margin
    lengths = sorted({1, 2, max(1, margin - 1), step - 1 or 1, step, step + 1, 2 * step + 1})
    for height, width in {*zip(lengths, reversed(lengths), strict=True), (1, 1), (1, lengths[-1]),
                          (lengths[-1], 1), (step, step), (step + 1, step + 1)}:
        page = make_page(height, width)
        parts = strips(page, lambda tiles: tiles.astype(np.float32), tiling, batch=3)
        np.testing.assert_array_equal(join(parts, page.shape), page)


@pytest.mark.parametrize("batch", [1, 2, 4, 100])
def test_what_a_function_sees(batch):
    tiling, page, seen = Tiling(64, 10), make_page(100, 150), []

    def record(tiles):
        seen.extend(tiles)
        assert tiles.dtype == np.uint8
        assert len(tiles) <= batch
        return tiles[..., :1].astype(np.float32)

    parts = list(strips(page, record, tiling, batch))
    padded = np.pad(page, ((10, 10), (10, 10), (0, 0)), "reflect")
    corners = [(y, x) for y in (0, 44, 56) for x in (0, 44, 88, 106)]
    assert len(seen) == len(corners) == count_tiles(page.shape, tiling)
    for tile, (y, x) in zip(seen, corners, strict=True):
        np.testing.assert_array_equal(tile, padded[y:y + 64, x:x + 64])
    assert sum(tiles for *_, tiles in parts) == len(corners)
    assert all(strip.shape[1:] == (150, 1) for _, strip, _ in parts if strip is not None)


def test_small_pages_cost_small_tiles():
    seen = []
    page = make_page(5, 200)
    list(strips(page, lambda tiles: seen.append(tiles.shape) or tiles, Tiling()))
    assert seen == [(1, 224, 416, 3)]  # the next multiples of 32 from 5 + 212 and 200 + 212


def test_tiles_without_a_wanted_pixel_are_left_out():
    tiling, page = Tiling(32, 0), make_page(96, 128)
    wanted = np.zeros((96, 128), bool)
    wanted[31, 32] = wanted[64:, 100] = True
    calls = []

    def count(tiles):
        calls.append(len(tiles))
        return tiles.astype(np.float32)

    parts = list(strips(page, count, tiling, 8, wanted))
    assert calls == [1, 1]
    assert sum(tiles for *_, tiles in parts) == 12
    done = {rows.start: strip for rows, strip, _ in parts if strip is not None}
    assert sorted(done) == [0, 64]
    for top, left in ((0, 32), (64, 96)):
        there = np.isfinite(done[top]).all(axis=2)
        assert there[:, left:left + 32].all()
        assert there.sum() == 32 * 32
        np.testing.assert_array_equal(done[top][there], page[top:top + 32, left:left + 32].reshape(
            -1, 3))


@pytest.mark.parametrize("tile, margin", [
    (0, 0), (-32, 0), (100, 10), (64, -1), (64, 32), (64, 40), (64, float("nan")),
])
def test_wrong_settings(tile, margin):
    with pytest.raises(ValueError, match=f"must.*{margin if tile == 64 else tile}"):
        Tiling(tile, margin)
