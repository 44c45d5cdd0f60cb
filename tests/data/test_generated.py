"""Generated pages as a training set."""

import shutil

import numpy as np
import pytest

import data.generated
from data.augment import AugmentConfig
from data.generated import CROPS, PAGES, GeneratedCrops, SynthConfig, validation_pages
from data.image_io import write_image
from data.pairs import DataConfig, PairDataset, open_data
from data.synth.capture import Pair
from data.synth.fonts import ASSETS
from data.synth.page import render


def config(**synth) -> DataConfig:
    return DataConfig(layout="synth", augment=AugmentConfig(crop=64), val_pages=2,
                      synth=SynthConfig(**synth))


def test_items_do_not_depend_on_order_or_process():
    one, other = (PairDataset([], config(), seed=3) for _ in range(2))
    assert len(one) == PAGES * CROPS
    first, again = one[0, 17], one[1, 2]
    for item, index in ((again, (1, 2)), (first, (0, 17))):
        for a, b in zip(item, other[index], strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize("pairs", [0, 1, 3, 48, 5000])
def test_every_crop_of_a_page_is_used_once_for_any_number_of_pairs(monkeypatch, pairs):
    """All that is drawn is used before other pages are: drawing a page is what takes long."""
    drawn = []

    def crops(seed, page, size, count, options):
        drawn.append(page)
        return [Pair(page, crop, None) for crop in range(count)]

    monkeypatch.setattr(data.generated, "crops", crops)
    generated = GeneratedCrops(SynthConfig(), 64, 0, pairs)
    length = len(generated)
    assert length == (PAGES * CROPS if pairs in (0, 5000) else pairs)
    found = [generated[divmod(n, length)][:2] for n in range(2 * PAGES * CROPS)]
    assert set(found) == {(page, crop) for page in range(2 * PAGES) for crop in range(CROPS)}
    assert drawn == list(range(2 * PAGES))
    assert len({page for page, _ in found[:8]}) == 8  # a batch mixes pages


def test_only_the_kinds_asked_for_are_drawn():
    comic = config(kinds=["comic"])
    page = validation_pages(comic.synth, 1)[0]
    image, gt = page.read()
    np.testing.assert_array_equal(
        image, render(data.generated.VAL_SEED, 0, "comic", (800, 1000)).image
    )
    assert (image != gt).any()
    with pytest.raises(ValueError, match="unknown kind of page 'poster'"):
        open_data(config(kinds=["poster"]), 0)


def test_watermarks_on_a_folder_of_photographs(tmp_path):
    write_image(tmp_path / "red.png", np.full((300, 400, 3), (250, 20, 20), np.uint8))
    asked = config(kinds=["watermark"], photos=str(tmp_path))
    gts = [page.read()[1] for page in validation_pages(asked.synth, 8)]
    assert any((abs(gt.astype(int) - (250, 20, 20)) < 12).all() for gt in gts)
    with pytest.raises(ValueError, match="nowhere: no such folder"):
        open_data(config(photos=str(tmp_path / "nowhere")), 0)


def test_fonts_are_checked_at_once(tmp_path):
    (tmp_path / "print").mkdir()
    shutil.copy(ASSETS / "comic" / "bangers.ttf", tmp_path / "print" / "mine.ttf")
    assert SynthConfig(fonts=str(tmp_path), without_faces=["mine"]).options().fonts == tmp_path
    for wrong, message in (({"fonts": str(tmp_path / "nowhere")}, "nowhere"),
                           ({"without_faces": ["mine"]}, "mine")):
        with pytest.raises(ValueError, match=message):
            open_data(config(**wrong), 0)


def test_draws_and_seeds_differ():
    crops = [GeneratedCrops(SynthConfig(), 64, seed)[draw, 0][0]
             for seed, draw in ((0, 0), (0, 1), (1, 0))]
    assert not any(np.array_equal(crops[0], other) for other in crops[1:])


def test_mask_is_of_the_crop_and_may_be_dilated():
    plain, wide = config(), config()
    wide.dilate = 3
    image, gt, mask, name = PairDataset([], plain, 0)[0, 5]
    assert image.shape == gt.shape == (3, 64, 64) and mask.shape == (1, 64, 64)
    assert "page" in name
    difference = np.abs(image - gt).mean(axis=0) * 255 / 20
    assert np.allclose(mask[0], difference.clip(max=1), atol=1e-4)
    assert (PairDataset([], wide, 0)[0, 5][2] >= mask).all()


def test_mixes_with_real_pairs_by_share(make_set, tmp_path):
    make_set(tmp_path)
    for share, generated in ((0.0, 0), (1.0, 20)):
        both = DataConfig(root=str(tmp_path), val_fraction=0, augment=AugmentConfig(crop=64),
                          synth=SynthConfig(share=share))
        dataset, _ = open_data(both, 0)
        names = [dataset[draw, 0][3] for draw in range(20)]
        assert sum("generated" in name for name in names) == generated


def test_validation_pages_are_fixed_and_none_of_training():
    pages = validation_pages(SynthConfig(val_size=[90, 70]), 2)
    assert [page.read()[0].shape for page in pages] == [(70, 90, 3)] * 2
    assert np.array_equal(pages[0].read()[0], pages[0].read()[0])


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_share_out_of_range(share):
    with pytest.raises(ValueError, match="share"):
        SynthConfig(share=share)
