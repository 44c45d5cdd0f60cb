import itertools

import cv2
import numpy as np
import pytest

from data.soft_mask import soft_mask
from data.synth import settings, texture
from data.synth.camera import Jpeg, Lens, PixelGrid
from data.synth.capture import Capture
from data.synth.geometry import Bend, Pose, Warp
from data.synth.paper import Wear
from data.synth.sheet import InkLayer, Sheet

HEIGHT, WIDTH = 420, 540
SEEDS = (0, 1, 2)


def make_sheet(height=HEIGHT, width=WIDTH):
    """Blocks the size of letters over bare paper, some lines of them blue, and a picture."""
    ink = np.full((height, width, 3), 255, np.uint8)
    for number, top in enumerate(range(30, height // 2, 40)):
        colour = (40, 60, 200) if number % 3 == 2 else (15, 15, 15)
        for left in range(30, width - 30, 22):
            cv2.rectangle(ink, (left, top), (left + 14, top + 18), colour, 2)
    cv2.rectangle(ink, (60, 60), (160, 140), (90, 150, 90), -1)
    return Sheet(ink, print_height=20.0)


def make_layer(colour=(0.1, 0.15, 0.6), strength=0.9, medium="gel", keep=False, row=200):
    """One broad stroke along a row and one down the middle."""
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.line(alpha, (40, row), (WIDTH - 40, row + 15), 255, 5, cv2.LINE_AA)
    cv2.line(alpha, (WIDTH // 2, 40), (WIDTH // 2 + 30, HEIGHT - 40), 255, 5, cv2.LINE_AA)
    return InkLayer(alpha, colour, strength, medium, keep)


def make_capture(name, seed=0, layers=None, size=None):
    if layers is None:
        layers = [make_layer(), make_layer((0.3, 0.3, 0.3), 0.35, "pencil", row=300)]
    return Capture(make_sheet(), layers, np.random.default_rng(seed), name, size)


def assert_same(one, other):
    for part in ("image", "gt", "ink"):
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part), part)


@pytest.mark.parametrize("name", settings.SETTINGS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("jpeg", (False, True))
def test_a_crop_is_a_cut_out_of_the_page(name, seed, jpeg):
    page = make_capture(name, seed).page(jpeg)
    rng = np.random.default_rng(seed)
    fresh = make_capture(name, seed)
    for _ in range(4):
        height, width = rng.integers(1, 300, 2)
        top, left = rng.integers(HEIGHT - height + 1), rng.integers(WIDTH - width + 1)
        crop = fresh.crop(top, left, height, width, jpeg)
        assert_same(crop, page.cut(top, left, height, width))


@pytest.mark.parametrize("name", settings.SETTINGS)
@pytest.mark.parametrize("seed", SEEDS)
def test_pairs_differ_only_where_the_ink_can_reach(name, seed):
    capture = make_capture(name, seed)
    pair = capture.page(jpeg=False)
    side = 2 * capture.reach + 1
    touched = cv2.dilate(pair.ink, np.ones((side, side), np.uint8)) > 0
    assert touched.mean() < 0.5
    assert (pair.image == pair.gt)[~touched].all()
    assert (pair.image != pair.gt)[touched].any()


def lettered_sheet():
    """A sheet with grey letters and coloured ones on it, in the place of `make_layer`'s strokes."""
    sheet = make_sheet()
    sheet.letters = cv2.max(make_layer().alpha, make_layer(row=330).alpha)
    cover = sheet.letters[..., None] / 255
    tint = np.full(3, 60.0) if len(sheet.ink) % 2 else np.array([200.0, 40, 90])
    sheet.lettered = (sheet.ink * (1 - cover) + tint * cover).astype(np.uint8)
    return sheet


@pytest.mark.parametrize("name", settings.SETTINGS)
def test_printed_letters_are_what_a_pair_differs_in(name):
    """The same press prints them: crops are cut-outs here, too, also where a plate slips."""
    for seed in range(6):
        capture = Capture(lettered_sheet(), [], np.random.default_rng(seed), name)
        pair = capture.page(jpeg=False)
        side = 2 * capture.reach + 1
        touched = cv2.dilate(pair.ink, np.ones((side, side), np.uint8)) > 0
        assert (pair.image == pair.gt)[~touched].all()
        assert (pair.image != pair.gt)[pair.ink > 200].any(axis=1).mean() > 0.5
        fresh = Capture(lettered_sheet(), [], np.random.default_rng(seed), name)
        assert_same(fresh.crop(190, 250, 60, 90, False), pair.cut(190, 250, 60, 90))
        np.testing.assert_array_equal(
            pair.gt, Capture(make_sheet(), [], np.random.default_rng(seed), name).page(False).gt
        )
        assert fresh.busy(8)[0].max() > 100


@pytest.mark.parametrize("name", ["scan-colour", "photo-day", "screen-photo"])
def test_jpeg_spreads_the_difference_over_neighbouring_blocks_only(name):
    capture = make_capture(name, 2)
    pair = capture.page()
    side = 2 * (capture.reach + 2 * Jpeg(enlarged=2).block) + 1
    touched = cv2.dilate(pair.ink, np.ones((side, side), np.uint8)) > 0
    assert (~touched).any()
    assert (pair.image == pair.gt)[~touched].all()


@pytest.mark.parametrize("name", settings.SETTINGS)
@pytest.mark.parametrize("seed", SEEDS)
def test_ink_and_the_mask_of_the_difference_agree(name, seed):
    """On bare paper: full ink is found by the difference, and where there is none, none is."""
    capture = make_capture(name, seed, [make_layer((0.1, 0.1, 0.1), 0.95, row=330)])
    pair = capture.page(jpeg=False)
    mask = soft_mask(pair.image, pair.gt)
    side = 2 * capture.reach + 3
    dark = cv2.erode(pair.gt.min(axis=2), np.ones((side, side), np.uint8))
    bare = dark > 0.6 * np.median(pair.gt)
    full = (pair.ink > 200) & bare
    assert full.sum() > 200
    assert (mask[full] >= 0.9).mean() > 0.995
    far = cv2.dilate(pair.ink, np.ones((side, side), np.uint8)) == 0
    assert mask[far].max() == 0


def test_grey_sensors_see_no_colour():
    for seed in SEEDS:
        pair = make_capture("scan-grey", seed).page(jpeg=False)
        for image in (pair.image, pair.gt):
            assert (image == image[..., :1]).all()


def test_cuts_through_a_larger_page_are_not_shown():
    white = Sheet(np.full((HEIGHT, WIDTH, 3), 255, np.uint8), print_height=20.0)
    shown = {True: 0, False: 0}
    for seed, whole in itertools.product(range(12), shown):
        rng = np.random.default_rng(seed)
        capture = Capture(white, [], rng, "photo-day", whole=whole)
        shown[whole] += capture.shows_surroundings
    assert shown[True] > 3 and shown[False] == 0


def test_the_same_generator_gives_the_same_bytes():
    assert_same(make_capture(None, 5).page(), make_capture(None, 5).page())


def test_a_page_without_ink_is_its_own_ground_truth():
    for name in settings.SETTINGS:
        pair = make_capture(name, 1, []).page()
        np.testing.assert_array_equal(pair.image, pair.gt)
        assert not pair.ink.any()


def test_kept_ink_is_in_the_ground_truth():
    pair = make_capture("screen-copy", 0, [make_layer(keep=True)]).page(jpeg=False)
    bare = make_capture("screen-copy", 0, []).page(jpeg=False)
    np.testing.assert_array_equal(pair.image, pair.gt)
    assert not pair.ink.any()
    assert (pair.gt != bare.gt).any()


def test_kept_tape_hides_ink_below_it():
    pen = make_layer()
    tape = InkLayer(np.full((HEIGHT, WIDTH), 255, np.uint8), (0.95, 0.95, 0.95), 1.0, "tape", True)
    pair = make_capture("scan-colour", 0, [pen, tape]).page(jpeg=False)
    np.testing.assert_array_equal(pair.image, pair.gt)
    assert not pair.ink.any()
    above = make_capture("scan-colour", 0, [tape, pen]).page(jpeg=False)
    assert above.ink.max() > 200


def test_tape_covers_print_and_highlighter_does_not():
    everywhere = np.full((HEIGHT, WIDTH), 255, np.uint8)
    images = {}
    for medium, colour in (("tape", (1.0, 1.0, 1.0)), ("highlighter", (1.0, 1.0, 0.2))):
        layer = InkLayer(everywhere, colour, 1.0, medium)
        images[medium] = make_capture("screen-copy", 0, [layer]).page(jpeg=False)
    assert images["tape"].image.min() > 200
    lines = images["highlighter"].gt.max(axis=2) < 60
    assert lines.any()
    assert (images["highlighter"].image[lines] < 60).all()


def test_faint_pencil_leaves_a_few_grey_levels():
    layer = make_layer((0.3, 0.3, 0.3), 0.03, "pencil")
    pair = make_capture("screen-copy", 0, [layer]).page(jpeg=False)
    deepest = (pair.gt.astype(int) - pair.image).max()
    assert 3 <= deepest <= 8


def test_a_picture_may_be_smaller_than_its_sheet():
    pair = make_capture("photo", 0, size=(210, 270)).page()
    assert pair.image.shape == pair.gt.shape == (210, 270, 3)
    assert pair.ink.shape == (210, 270)


@pytest.mark.parametrize("window", [(-1, 0, 10, 10), (0, 0, HEIGHT + 1, 10), (0, WIDTH, 1, 1)])
def test_windows_beyond_the_page_are_refused(window):
    with pytest.raises(ValueError, match="no window"):
        make_capture("scan-colour").crop(*window)


def test_points_go_where_pixels_go():
    sheet = np.zeros((300, 400), np.uint8)
    spots = np.array([[100, 80], [300, 90], [210, 220]])
    for x, y in spots:
        cv2.circle(sheet, (int(x), int(y)), 5, 255, -1)
    lean = np.array([[0.03, 0.0], [0.0, 0.02], [-0.02, 0.0], [0.0, -0.03]])
    warp = Warp((300, 400), (360, 480), Pose(1.02, 3.0, (0.01, 0.0), lean), Bend((3.0, 0.6, 1.0)))
    (image,) = warp.images([sheet], [0])
    _, _, _, centres = cv2.connectedComponentsWithStats((image > 100).astype(np.uint8))
    expected = warp.points(spots)
    for point in expected:
        assert np.hypot(*(centres[1:] - point).T).min() < 1.0


def test_a_straight_warp_copies_pixels():
    sheet = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    (copy,) = Warp((50, 70), (50, 70)).images([sheet], [255])
    np.testing.assert_array_equal(copy, sheet)


def test_a_sheet_drawn_larger_is_averaged_not_sampled():
    stripes = np.zeros((200, 200), np.uint8)
    stripes[:, ::2] = 255
    (image,) = Warp((200, 200), (100, 100), Pose()).images([stripes], [0])
    inner = image[2:-2, 2:-2]
    assert inner.min() > 110 and inner.max() < 145


@pytest.mark.parametrize("name", texture.NAMES)
def test_grain_depends_on_position_alone_and_repeats_without_a_seam(name):
    origin = (300, 400)
    large = texture.patch(name, origin, 0, 0, 200, 200)
    np.testing.assert_array_equal(texture.patch(name, origin, 30, 50, 60, 70), large[30:90, 50:120])
    period = texture.PERIOD
    np.testing.assert_array_equal(texture.patch(name, origin, period, period, 200, 200), large)
    seam = texture.patch(name, (0, 0), period - 1, 0, 2, period)
    inside = texture.patch(name, (0, 0), 100, 0, 2, period)
    assert np.abs(np.diff(seam, axis=0)).mean() < 2 * np.abs(np.diff(inside, axis=0)).mean() + 0.1


def test_a_lens_sees_no_further_than_its_reach():
    lens = Lens(blur=1.2, defocus=1.0, motion=3.5, motion_angle=0.4, sharpen=0.8)
    plane = np.zeros((101, 101), np.float32)
    plane[50, 50] = 1000
    seen = lens.project(plane, np.ones_like(plane))
    rows, columns = np.nonzero(seen)
    assert np.abs(rows - 50).max() <= lens.reach and np.abs(columns - 50).max() <= lens.reach
    assert seen.sum() == pytest.approx(1000, rel=1e-3)


def test_a_sharp_lens_changes_nothing():
    plane = np.random.default_rng(0).random((30, 30), np.float32)
    assert Lens().reach == 0
    np.testing.assert_array_equal(Lens().project(plane), plane)


def test_moire_has_waves_far_wider_than_the_pixels_that_cause_it():
    gain = PixelGrid(period=1.03, angle=0.0, depth=0.1).gain(0, 0, 256, 256, 256)
    assert gain.shape == (3, 256, 256)
    assert abs(gain.mean() - 1) < 0.01
    row = gain[0].mean(axis=0) - gain[0].mean()
    strongest = np.abs(np.fft.rfft(row)).argmax()
    assert 256 / strongest > 20
    shifted = PixelGrid(1.03, 0.0, 0.1).gain(40, 60, 50, 50, 256)
    np.testing.assert_array_equal(shifted, gain[:, 40:90, 60:110])


def test_jpeg_leaves_equal_blocks_equal():
    one = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    other = one.copy()
    other[:16, :16] = 0
    for subsampled in (True, False):
        coder = Jpeg(60, subsampled)
        differ = (coder.pass_through(one) != coder.pass_through(other)).any(axis=2)
        assert differ[:16, :16].any() and not differ[18:].any() and not differ[:, 18:].any()


def test_what_was_small_when_it_was_stored_has_no_fine_detail():
    fine = np.zeros((65, 67, 3), np.uint8)
    fine[::2, ::2] = fine[1::2, 1::2] = 200
    coder = Jpeg(95, False, enlarged=2)
    stored = coder.pass_through(fine)
    assert stored.shape == fine.shape
    assert np.ptp(stored[:60, :60].astype(int)) < 12
    cut = coder.pass_through(np.ascontiguousarray(fine[coder.block:, coder.block:]))
    np.testing.assert_array_equal(cut[4:], stored[coder.block + 4:, coder.block:])


@pytest.mark.parametrize("binding", ["holes", "staple", "spiral"])
def test_bindings_leave_their_traces(binding):
    warp = Warp((800, 600), (800, 600), Pose())
    paper = Wear(binding=binding).paper(np.random.default_rng(3), warp, print_height=14)
    assert (paper.gaps is None) == (binding == "staple")
    assert (paper.metal is None) == (binding == "holes")


def test_folds_and_crumples_shade_the_paper():
    warp = Warp((300, 400), (300, 400), Pose())
    smooth = Wear().paper(np.random.default_rng(0), warp, 14)
    assert smooth.relief is None and np.ptp(smooth.tone) == 0
    for wear in (Wear(folds=2), Wear(crumple=0.05), Wear(aged=1.0)):
        paper = wear.paper(np.random.default_rng(0), warp, 14)
        assert 0.01 < np.ptp(paper.tone) < 0.8


def test_settings_are_found_by_kind_and_kept_out():
    assert settings.names() == list(settings.SETTINGS)
    assert settings.names("photo-dark") == ["photo-dark"]
    assert all(name.startswith("scan-") for name in settings.names("scan"))
    assert "photo-dark" not in settings.names("photo", ("photo-dark",))
    with pytest.raises(ValueError, match="unknown capture .fax.; known: scan"):
        settings.names("fax")
    with pytest.raises(ValueError, match="no capture left"):
        settings.names("screen", ("screen",))
    rng = np.random.default_rng(0)
    drawn = {settings.choose(rng, None, ("screen", "photo-dark")) for _ in range(300)}
    assert drawn == set(settings.names(None, ("screen", "photo-dark")))
