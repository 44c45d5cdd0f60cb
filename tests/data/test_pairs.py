import re
import shutil
import warnings

import numpy as np
import pytest
from PIL import Image

import compute_mask
from data.augment import AugmentConfig
from data.image_io import write_image
from data.pairs import (
    LAYOUTS,
    DataConfig,
    Pair,
    PairDataset,
    by_turns,
    find_pairs,
    open_data,
    recognise,
    split,
)
from data.soft_mask import soft_mask, to_uint8


def names(pairs):
    return [pair.name for pair in pairs]


def write_list(path, text):
    """A list file, and an empty file for each name in it that ends in .png or .jpg."""
    path.write_bytes(text.encode())
    for name in re.findall(r"[^\t,\r\n]+?\.(?:png|jpg)", text.lstrip("\ufeff")):
        file = path.parent / name.strip()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return path


# Finding pairs


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_recognised(tmp_path, make_set, draw_page, layout):
    root = make_set(tmp_path / "set", layout, ["试卷 1", "b"])
    assert recognise(root) == layout
    pairs, problems = find_pairs(root)
    assert not problems
    assert find_pairs(str(root), layout) == (pairs, [])
    expected = {
        "watermark": ["b_0001", "b_0002", "试卷 1_0001", "试卷 1_0002"],
        "list": ["试卷 1", "b"],  # a list keeps its order
    }.get(layout, ["b", "试卷 1"])
    assert names(pairs) == expected
    for pair in pairs:
        seed = 0 if pair.name.startswith("试卷") else 1
        for read, drawn in zip(pair.read(), draw_page(seed), strict=True):
            assert (read == drawn).all()
        assert pair.mask == tmp_path / "set" / "mask" / f"{pair.name}.png"
        assert pair.read_mask((96, 128)) is None


def test_pairs_match_by_stem_whatever_the_suffix(tmp_path, make_set, draw_page):
    root = make_set(tmp_path)
    image, gt = draw_page()
    write_image(root / "images" / "d.e.JPG", image)
    write_image(root / "gts" / "d.e.webp", gt)
    Image.fromarray(image).save(root / "images" / "f.heic")
    write_image(root / "gts" / "f.png", gt)
    (root / "mask").mkdir()
    (root / "mask" / "f.heic").touch()  # is none
    pairs, problems = find_pairs(root)
    assert names(pairs) == ["a", "b", "c", "d.e", "f"]
    assert not problems
    assert pairs[3].read()[0].shape == pairs[4].read()[0].shape == image.shape
    assert pairs[4].mask.name == "f.png"


@pytest.mark.parametrize("layout, extra, sentence", [
    ("competition", "images/lonely.png", "lonely.png: no ground truth lonely.* in"),
    ("competition", "gts/lonely.jpg", "lonely.jpg: no image lonely.* in"),
    ("competition", "images/a.jpg", "images/a.jpg: same stem as"),
    ("competition", "gts/a.tif", "gts/a.tif: same stem as"),
    ("scut", "all_images/lonely.png", "lonely.png: no ground truth lonely.* in"),
    ("scut", "all_labels/lonely.png", "lonely.png: no image lonely.* in"),
    ("watermark", "watermark_images/x_0001.png", "x_0001.png: no clean image x.* in"),
    ("watermark", "watermark_images/a_0001.png", "a_0001.png: same stem as"),
    ("watermark", "bg_images/x.png", "x.png: no watermarked image x_N.*"),
])
def test_lonely_files_and_twins_are_named(tmp_path, make_set, layout, extra, sentence):
    root = make_set(tmp_path / "set", layout)
    expected = find_pairs(root)[0]
    shutil.copy(expected[0].gt, root / extra)
    pairs, problems = find_pairs(root)
    assert pairs == expected
    assert len(problems) == 1
    assert sentence in problems[0]


def test_what_is_no_page_is_left_out(tmp_path, make_set):
    root = make_set(tmp_path)
    (root / "images" / "Thumbs.db").touch()
    (root / "images" / ".hidden.png").touch()
    (root / "images" / "folder.png").mkdir()
    pairs, problems = find_pairs(root)
    assert names(pairs) == ["a", "b", "c"]
    assert not problems


def test_inputs_of_one_stem_in_two_folders_do_not_share_a_mask(tmp_path, make_set):
    root = make_set(tmp_path, "watermark", ["a"])
    shutil.copytree(root / "watermark_images", root / "watermark_more")
    pairs, problems = find_pairs(root)
    assert names(pairs) == ["a_0001", "a_0002"]
    assert len(problems) == 2
    assert "watermark_more/a_0001.bmp: its mask" in problems[0]


def test_watermark_folder_may_be_called_images(tmp_path, make_set):
    root = make_set(tmp_path, "watermark", ["bg_image_00013"])
    (root / "watermark_images").rename(root / "images")
    pairs, problems = find_pairs(root)
    assert names(pairs) == ["bg_image_00013_0001", "bg_image_00013_0002"]
    assert {pair.gt.name for pair in pairs} == {"bg_image_00013.png"}
    assert not problems


@pytest.mark.parametrize("make, layout, message", [
    (lambda root: None, "auto", "no such file or folder"),
    (lambda root: root.mkdir(), "auto", "no known layout: expected images/ and gts/"),
    (lambda root: root.mkdir(), "competition", "images: no such folder"),
    (lambda root: root.mkdir(), "list", "no such list file"),
    (lambda root: root.mkdir(), "compettion", "unknown layout 'compettion'; known: auto, comp"),
    (lambda root: (root / "gts").mkdir(parents=True), "competition", "images: no such folder"),
    (lambda root: root.write_bytes(b"\x89PNG\r\n\x1a\n"), "auto", "a list must be UTF-8 text"),
    (lambda root: root.write_text("# none\n"), "auto", "no pair found in the layout 'list'"),
    (lambda root: root.write_text("a.png b.png"), "auto", "set:1: no such file: .*a.png, .*b.png"),
])
def test_roots_without_pairs(tmp_path, make, layout, message):
    make(tmp_path / "set")
    with pytest.raises(ValueError, match=message):
        find_pairs(tmp_path / "set", layout)


# List files


@pytest.mark.parametrize("text", [
    "a.png\tclean/a.jpg\nb.png\tclean/b.jpg\n",
    "a.png,clean/a.jpg\nb.png , clean/b.jpg",
    "a.png,clean/a.jpg,\nb.png,clean/b.jpg, \n",
    "a.png clean/a.jpg\r\n  b.png   clean/b.jpg\r\n",
    "\ufeffa.png\tclean/a.jpg\n\n# a comment\nb.png\tclean/b.jpg # and why\n  \n",
], ids=["tabs", "commas", "no mask", "blanks", "BOM and comments"])
def test_list_files(tmp_path, text):
    pairs, problems = find_pairs(write_list(tmp_path / "list", text))
    assert not problems
    assert pairs == [Pair(stem, tmp_path / f"{stem}.png", tmp_path / "clean" / f"{stem}.jpg",
                          tmp_path / "mask" / f"{stem}.png") for stem in "ab"]


@pytest.mark.parametrize("name", ["试卷 第 1 页.png", "č,1.png", "a#b.png"])
def test_list_files_with_odd_names(tmp_path, name):
    path = tmp_path / "list"
    path.write_text(f"{name}\tclean/{name}\n", encoding="utf-8")
    (tmp_path / "clean").mkdir()
    for folder in (tmp_path, tmp_path / "clean"):
        (folder / name).touch()
    pairs, problems = find_pairs(path)
    assert not problems
    assert pairs[0].image == tmp_path / name


def test_list_names_masks_and_absolute_paths(tmp_path):
    folder, elsewhere = tmp_path / "list", tmp_path / "elsewhere"
    folder.mkdir()
    path = write_list(folder / "list.txt", "a.png,../a.jpg,masks/m.png\nb.png,b.jpg,n.png\n")
    (folder / "n.png").unlink()  # still to be computed
    path.write_text(path.read_text() + f"{folder / 'a.png'},b.jpg,{elsewhere / 'a.png'}\n")
    pairs, problems = find_pairs(path)
    assert not problems
    assert [pair.image for pair in pairs] == [folder / name for name in ("a.png", "b.png", "a.png")]
    assert [pair.mask for pair in pairs] == [
        folder / "masks" / "m.png", folder / "n.png", elsewhere / "a.png"]


def test_list_lines_that_are_wrong_are_numbered(tmp_path):
    path = write_list(
        tmp_path / "list", "a.png\ta.jpg\n\nb.png\nc.png,c.jpg,c.png,d\nmy page.png my page.jpg\n")
    path.write_text(path.read_text() + "gone.png\ta.jpg\nsub/a.png\ta.jpg\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.png").touch()
    pairs, problems = find_pairs(path)
    assert names(pairs) == ["a"]
    for problem, expected in zip(
        problems, ["list:3: .*got 1 names", "list:4: .*got 4", "list:5: .*got 4 names; .*tabs",
                   "list:6: no such file: .*gone.png", "sub/a.png: its mask .* is also that of"],
        strict=True,
    ):
        assert re.search(expected, problem)


# Reading


def test_masks_are_read_in_the_layouts_polarity(tmp_path, make_set):
    levels = np.arange(96 * 128, dtype=np.uint8).reshape(96, 128)
    for layout, stored in (("competition", levels), ("scut", 255 - levels)):
        root = make_set(tmp_path / layout, layout)
        (root / "mask").mkdir()
        write_image(root / "mask" / "a.png", stored)
        pair = find_pairs(root)[0][0]
        assert (pair.read_mask((96, 128)) == levels).all()
        assert (pair.stored(pair.stored(levels)) == levels).all()


def test_masks_match_by_stem_too(tmp_path, make_set):
    root = make_set(tmp_path, "scut")  # as published: mask/NAME.jpg, for an image NAME.jpg
    (root / "mask").mkdir()
    ink = np.zeros((96, 128), np.uint8)
    ink[:48] = 255
    write_image(root / "mask" / "a.jpg", 255 - ink)
    write_image(root / "mask" / "b.jpg", ink)
    write_image(root / "mask" / "b.png", 255 - ink)
    pairs, problems = find_pairs(root)
    assert not problems
    assert [pair.mask.name for pair in pairs] == ["a.jpg", "b.png", "c.png"]
    for pair in pairs[:2]:
        assert np.abs(pair.read_mask((96, 128)).astype(int) - ink).max() <= 3


def test_unequal_pairs_and_masks_name_their_files(tmp_path, make_set, draw_page):
    root = make_set(tmp_path)
    (root / "mask").mkdir()
    write_image(root / "gts" / "a.png", draw_page(height=95)[1])
    write_image(root / "mask" / "b.png", np.zeros((96, 127), np.uint8))
    a, b, _ = find_pairs(root)[0]
    with pytest.raises(ValueError, match="images/a.bmp is 128x96 pixels but .*gts/a.png is 128x95"):
        a.read()
    with pytest.raises(ValueError, match="mask/b.png is 127x96 pixels but its page is 128x96"):
        b.read_mask((96, 128))
    (root / "mask" / "b.png").write_bytes(b"")
    with pytest.raises(ValueError, match="mask/b.png: cannot be read: the file is empty"):
        b.read_mask((96, 128))


# Splitting


def pages(count, inputs=1, folder="set"):
    return [Pair(f"{page}_{i}", f"{folder}/{page}_{i}.png", f"{folder}/gts/{page}.png", None)
            for page in range(count) for i in range(inputs)]


@pytest.mark.parametrize("fraction, expected", [(0.08, 2), (0.5, 12), (0.001, 1), (0.9, 22)])
def test_seeded_split(fraction, expected):
    train, val = split(pages(24), fraction, seed=3)
    assert len(val) == expected
    assert sorted(names(train + val)) == sorted(names(pages(24)))
    shuffled = pages(24)[::-1]
    assert set(names(split(shuffled, fraction, seed=3)[1])) == set(names(val))
    assert names(split(pages(24, folder="elsewhere"), fraction, seed=3)[1]) == names(val)


def test_fraction_0_trains_and_validates_on_all():
    assert split(pages(3), 0) == (pages(3), pages(3))


def test_splits_differ_by_seed():
    assert len({tuple(names(split(pages(24), 0.2, seed)[1])) for seed in range(8)}) == 8


@pytest.mark.parametrize("by_list", [False, True])
def test_a_watermarks_background_is_never_in_both_parts(tmp_path, by_list):
    listed = tmp_path / "val.txt"
    listed.write_text("3_1\n7_0\n")
    for seed in range(8):
        train, val = split(pages(10, inputs=4), 0.3, seed, listed if by_list else None)
        assert not {pair.gt for pair in train} & {pair.gt for pair in val}
        assert len(train) + len(val) == 40
        assert len(val) == (8 if by_list else 12)


@pytest.mark.parametrize("text", [
    "1_0\n3_0\n", "\ufeff1_0\r\n\r\n3_0", "1_0.jpg\nimages/3_0.png", "# ours\n3_0\n1_0 # ok\n1_0",
], ids=["stems", "BOM", "file names", "comments"])
def test_split_by_a_list(tmp_path, text):
    (tmp_path / "val.txt").write_bytes(text.encode())
    train, val = split(pages(5), names=tmp_path / "val.txt")
    assert names(val) == ["1_0", "3_0"]
    assert names(train) == ["0_0", "2_0", "4_0"]


def test_split_by_a_list_of_stems_with_dots(tmp_path):
    pairs = [Pair(name, None, name, None) for name in ("page.v1", "page.v2", "试卷 1.5")]
    (tmp_path / "val.txt").write_text("page.v2\n试卷 1.5.png\n", encoding="utf-8")
    assert names(split(pairs, names=str(tmp_path / "val.txt"))[1]) == ["page.v2", "试卷 1.5"]


@pytest.mark.parametrize("content, message", [
    (None, "val.txt: no such list"),
    (b"1_0\nx\n", "val.txt: not among the pairs: x"),
    (b"", "5 pages leave 5 to train and 0 to validate"),
    (b"0_0\n1_0\n2_0\n3_0\n4_0", "5 pages leave 0 to train and 5 to validate"),
    ("试卷".encode("gbk"), "val.txt: a list must be UTF-8 text"),
])
def test_lists_that_do_not_split(tmp_path, content, message):
    if content is not None:
        (tmp_path / "val.txt").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        split(pages(5), names=tmp_path / "val.txt")


@pytest.mark.parametrize("count, fraction, message", [
    (5, -0.1, "must lie in .* got -0.1"),
    (5, 1, "must lie in .* got 1"),
    (1, 0.5, "1 pages leave 0 to train and 1 to validate"),
])
def test_fractions_that_do_not_split(count, fraction, message):
    with pytest.raises(ValueError, match=message):
        split(pages(count), fraction)


def test_first_pages_to_validate_have_many_backgrounds():
    pairs = [Pair(f"{gt}_{k}", None, gt, None) for gt in "ab" for k in range(3)]
    assert names(by_turns(pairs)) == ["a_0", "b_0", "a_1", "b_1", "a_2", "b_2"]


@pytest.mark.parametrize("options, warned", [((), False), (("--threshold", "8"), True)])
def test_masks_of_other_settings_are_told(tmp_path, make_set, options, warned):
    data = make_set(tmp_path)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        open_data(DataConfig(root=str(data)), 0)
        assert not told  # none are there yet
        assert compute_mask.main([str(data), "--workers", "1", *options]) == 0
        open_data(DataConfig(root=str(data)), 0)
    assert ["were not made with the recipe's data.threshold" in str(w.message) for w in told] \
        == [True] * warned


@pytest.mark.parametrize("change, count", [
    (lambda root: shutil.copy(root / "gts" / "0.png", root / "gts" / "77.png"), 1),
    (lambda root: compute_mask.main([str(root / "half.txt"), "--threshold", "8"]), 20),
])
def test_stale_masks_are_told_that_are_not_the_first(tmp_path, make_set, change, count):
    """A ground truth replaced since; compute_mask.py stopped half-way, with other settings."""
    data = make_set(tmp_path / "set", names=[str(i) for i in range(80)], height=32, width=32)
    assert compute_mask.main([str(data), "--workers", "1"]) == 0
    names = sorted(path.stem for path in (data / "images").iterdir())
    (data / "half.txt").write_text("".join(
        f"images/{name}.bmp gts/{name}.png mask/{name}.png\n" for name in names[40:]))
    change(data)
    with pytest.warns(UserWarning, match=rf"mask: {count} of \d\d masks looked at, .*\.png say"):
        open_data(DataConfig(root=str(data)), 0)


# Crops


def dataset(root, seed=0, cache_mb=1024, **augment):
    pairs = find_pairs(root)[0]
    return PairDataset(
        pairs, DataConfig(cache_mb=cache_mb, augment=AugmentConfig(crop=64, **augment)), seed)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_items(tmp_path, make_set):
    crops = dataset(make_set(tmp_path))
    assert len(crops) == 3
    image, gt, mask, name = crops[5, 1]
    assert name == "b"
    assert image.shape == gt.shape == (3, 64, 64)
    assert mask.shape == (1, 64, 64)
    for array in (image, gt, mask):
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert 0 <= array.min() <= array.max() <= 1
    assert gt.mean() > image.mean()  # paper is 1, ink darker


@pytest.mark.parametrize("with_masks", [False, True])
def test_items_depend_on_draw_page_and_seed_only(tmp_path, make_set, draw_page, with_masks):
    root = make_set(tmp_path)
    if with_masks:
        (root / "mask").mkdir()
        for seed, name in enumerate("abc"):
            write_image(root / "mask" / f"{name}.png", to_uint8(soft_mask(*draw_page(seed))))
    indices = [(draw, page) for draw in range(4) for page in range(3)]
    crops = dataset(root)
    items = {index: crops[index] for index in indices}
    for again in (crops, dataset(root), dataset(root, cache_mb=0)):
        assert all(same(again[index], items[index]) for index in reversed(indices))
    assert not any(same(dataset(root, seed=1)[index], items[index]) for index in indices)
    assert not same(items[0, 0], items[1, 0])
    assert not same(items[0, 0], items[0, 1])


def test_stored_masks_equal_those_made_on_the_fly(tmp_path, make_set, draw_page):
    root = make_set(tmp_path, "scut")
    indices = [(draw, page) for draw in range(5) for page in range(3)]
    crops = dataset(root, rotate=0)
    made = [crops[index] for index in indices]
    (root / "mask").mkdir()
    for seed, name in enumerate("abc"):
        write_image(root / "mask" / f"{name}.png", 255 - to_uint8(soft_mask(*draw_page(seed))))
    for index, expected in zip(indices, made, strict=True):
        image, gt, mask, _ = dataset(root, rotate=0)[index]
        assert same((image, gt), expected[:2])
        assert np.abs(mask - expected[2]).max() <= 0.5 / 255 + 1e-6


def test_masks_on_the_fly_follow_the_config(tmp_path, make_set):
    pairs = find_pairs(make_set(tmp_path))[0]
    ink = [
        PairDataset(pairs, DataConfig(
            threshold=threshold, channel=channel, augment=AugmentConfig(crop=64)))[0, 0][2].mean()
        for threshold, channel in ((200, "mean"), (200, "max"), (20, "max"))
    ]
    assert 0 < ink[0] < ink[1] < ink[2]


def test_cache_keeps_to_its_budget(tmp_path, make_set):
    root = make_set(tmp_path, height=512, width=512)  # 1.5 MB a page with its ground truth
    for budget, kept in ((0, [2]), (1, [2]), (3, [1, 2]), (9, [0, 1, 2])):
        crops = dataset(root, cache_mb=budget)
        for page in range(3):
            crops[0, page]
        assert list(crops._pages._kept) == kept
    crops = dataset(root, cache_mb=3)
    for page in (0, 1, 0, 2):  # the page used longest ago goes first
        crops[0, page]
    assert list(crops._pages._kept) == [0, 2]


def test_page_that_went_missing_is_named(tmp_path, make_set):
    crops = dataset(make_set(tmp_path))
    (tmp_path / "gts" / "b.png").unlink()
    with pytest.raises(ValueError, match="gts/b.png: no such file"):
        crops[0, 1]
    assert crops[0, 2][3] == "c"
