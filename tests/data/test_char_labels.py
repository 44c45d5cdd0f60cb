import numpy as np
import pytest

from data.char_labels import STEP, affinity_quads, crossings, gaussian, label_maps
from data.characters import Characters


def box(left, top, width, height):
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], float) + [left, top]


QUADS = {
    "upright": box(20, 30, 24, 32),
    "turned": np.array([[60, 20], [84, 36], [64, 66], [40, 50]], float),
    "in perspective": np.array([[20, 20], [70, 30], [62, 52], [24, 66]], float),
}


def inside(quad, shape):
    """Which label pixels' middles lie inside a convex quad, in or off its plane's edge."""
    y, x = np.mgrid[:shape[0], :shape[1]] * STEP + STEP / 2
    edges = np.roll(quad, -1, axis=0) - quad
    return np.all([ex * (y - qy) - ey * (x - qx) >= 0
                   for (qx, qy), (ex, ey) in zip(quad, edges, strict=True)], axis=0)


def test_the_gaussian_is_isotropic():
    bell = gaussian()
    for turned in (bell[::-1], bell[:, ::-1], bell.T):
        np.testing.assert_allclose(bell, turned, atol=1e-7)
    assert bell.max() == 1 and bell.min() == 0


@pytest.mark.parametrize("quad", QUADS.values(), ids=QUADS)
def test_a_label_peaks_in_the_middle_and_vanishes_outside(quad):
    region, affinity = label_maps([Characters("a", quad[None])], (100, 101))
    assert region.shape == (50, 51) and (affinity == 0).all()
    y, x = np.unravel_index(region.argmax(), region.shape)
    (centre,) = crossings(quad[None])  # where perspective takes a square's middle
    assert np.abs((np.array([x, y]) + 0.5) * STEP - centre).max() <= STEP / 2 + 0.01
    assert region.max() > 0.95
    there = inside(quad, region.shape)
    assert (region[there] > 0).mean() > 0.98
    assert region[~there].max() < 0.12  # rims of pixels that the edge cuts
    far = inside((quad - centre) * 1.15 + centre, region.shape)
    assert (region[~far] == 0).all()


def test_where_characters_overlap_the_higher_label_counts():
    quads = np.stack([box(20, 20, 40, 40), box(30, 20, 40, 40)])
    both, one, other = (label_maps([Characters("ab", part)], (90, 90))[0]
                        for part in (quads, quads[:1], quads[1:]))
    np.testing.assert_array_equal(both, np.maximum(one, other))


def test_characters_beyond_the_page_and_without_area():
    edge = label_maps([Characters("a", box(-12, -16, 24, 32)[None])], (64, 64))[0]
    whole = label_maps([Characters("a", box(20, 16, 24, 32)[None])], (64, 64))[0]
    np.testing.assert_allclose(edge[:8, :6], whole[16:24, 16:22], atol=1e-5)
    for quad in (box(200, 10, 20, 20), box(10, 10, 20, 0), box(10, 10, 0.1, 20),
                 box(10, 10, 20, 20)[[0, 2, 1, 3]]):
        assert (label_maps([Characters("a", quad[None])], (64, 64)) == 0).all()


def test_affinity_joins_neighbours_in_lines_and_columns():
    line = np.stack([box(10 + 30 * i, 20, 20, 30) for i in range(3)])
    # Triangles' centres are a third of the way from the edge to the middle.
    np.testing.assert_allclose(affinity_quads(line)[0], [[20, 25], [50, 25], [50, 45], [20, 45]])
    column = line[:, [0, 3, 2, 1], ::-1]  # mirrored at the diagonal
    boxes = affinity_quads(column)
    assert boxes.shape == (2, 4, 2)
    assert boxes[0].min(axis=0).tolist() == [25, 20] and boxes[0].max(axis=0).tolist() == [45, 50]
    for quads in (line, column):
        _, affinity = label_maps([Characters("abc", quads)], (130, 130))
        middle = quads.mean(axis=(0, 1)) - (quads[1] - quads[0]).mean(axis=0) / 2
        x, y = (middle / STEP).astype(int)
        assert affinity[y, x] == affinity.max() > 0.9
    assert affinity_quads(line[:1]).shape == (0, 4, 2)


def test_words_are_not_joined():
    line = np.stack([box(10 + 30 * i, 20, 20, 30) for i in range(2)])
    _, affinity = label_maps([Characters("a", line[:1]), Characters("b", line[1:])], (64, 80))
    assert (affinity == 0).all()


def test_labels_follow_flips_and_crops():
    words = [Characters("ab", np.stack([QUADS["turned"], QUADS["turned"] + [40, 24]])),
             Characters("c", QUADS["in perspective"][None] + [60, 20])]
    maps = label_maps(words, (120, 160))
    flip = np.array([[-1, 0, 160], [0, 1, 0], [0, 0, 1]], float)
    flipped = label_maps([word.moved(flip) for word in words], (120, 160))
    np.testing.assert_allclose(flipped, maps[:, :, ::-1], atol=1e-4)
    crop = np.array([[1, 0, -34], [0, 1, -18], [0, 0, 1]], float)
    cropped = label_maps([word.moved(crop) for word in words], (64, 96))
    np.testing.assert_allclose(cropped, maps[:, 9:41, 17:65], atol=1e-4)
