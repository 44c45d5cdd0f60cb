import json
import shutil

import numpy as np
import paddle
import pytest

from data.image_io import read_image, write_image
from data.pairs import DataConfig
from data.soft_mask import soft_mask, to_uint8
from model import ModelConfig, build, weights
from model.compiled import available
from training.config import Config, StageConfig, TrainConfig
from training.loop import make_optimizer
from training.masks import MaskTrainer

MODES = ["never", pytest.param("always", marks=pytest.mark.skipif(
    not available(), reason="this Paddle does not compile the networks"))]


@pytest.fixture
def pages(tmp_path, make_set):
    return make_set(tmp_path / "pages")


@pytest.fixture
def recipe(pages):
    def make(stages=None, compile="never", **train):
        config = Config(
            model=ModelConfig("text_seg", 16),
            data=DataConfig(root=str(pages), dilate=7, val_fraction=0.4),
            train=TrainConfig(
                batch=2, ema=0.5, optimizer="sgd", weight_decay=1e-4, compile=compile,
                stages=stages or [StageConfig(2, 1e-2, 1e-4, cycle=2)], **train))
        config.data.augment.crop = 64
        return config

    return make


def test_a_step_lowers_the_loss_and_validation_gives_precision(tmp_path, recipe):
    trainer = MaskTrainer(recipe([StageConfig(30, 5e-2, 1e-3, cycle=30)], log_every=1, seed=1),
                          tmp_path / "run")
    one = [trainer.dataset[0, i] for i in range(2)]
    trainer.dataset = Same(one)
    best = trainer.fit()
    lines = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    losses = [line["cross_entropy"] for line in lines if "cross_entropy" in line]
    assert np.mean(losses[-5:]) < 0.6 * losses[0]
    content = weights.read(best)
    assert 0 < content["metric"]["ap"] <= 1 and content["config"]["arch"] == "text_seg"
    strip = read_image(next((tmp_path / "run/pictures").iterdir()))
    assert strip.shape[1] == 3 * 128


class Same:
    """A data set that is one batch."""

    def __init__(self, items):
        self.items, self.config = items, DataConfig()

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index[1]]


def test_pages_without_text_cannot_validate(tmp_path, recipe, pages):
    shutil.rmtree(pages / "gts")
    shutil.copytree(pages / "images", pages / "gts")
    with pytest.raises(ValueError, match="no validation page has text on it"):
        MaskTrainer(recipe(), tmp_path / "run")


def test_targets_are_the_widened_masks(tmp_path, recipe):
    trainer = MaskTrainer(recipe(), tmp_path / "run")
    image, gt, mask, _ = trainer.dataset[0, 0]
    found_image, found_mask = trainer._targets([image, gt, mask])
    assert found_image is image and found_mask is mask
    difference = np.abs(image - gt).mean(axis=0) * 255 / 20
    assert mask.sum() > 1.5 * difference.clip(max=1).sum()


def test_validation_takes_stored_masks_as_they_are(tmp_path, recipe, pages):
    trainer = MaskTrainer(recipe(), tmp_path / "run")
    page = trainer.val_pages[0]
    image, label = trainer._labelled(page)
    np.testing.assert_array_equal(label, soft_mask(image, page.read()[1], dilate=7))
    page.mask.parent.mkdir()
    stored = to_uint8(soft_mask(image, page.read()[1]))
    write_image(page.mask, stored)
    np.testing.assert_array_equal(to_uint8(trainer._labelled(page)[1]), stored)


@pytest.mark.parametrize("compile", MODES)
def test_a_frozen_encoder_stays_and_then_learns(tmp_path, recipe, compile):
    encoder = tmp_path / "encoder.npz"
    paddle.seed(4)
    np.savez(encoder, **weights.state_of(paddle.vision.models.MobileNetV2(0.5, num_classes=2)))
    stages = [StageConfig(2, 1e-2, 1e-4, cycle=2, freeze_encoder=True),
              StageConfig(2, 1e-2, 1e-4, cycle=2)]
    trainer = MaskTrainer(recipe(stages, compile, init=str(encoder)), tmp_path / "run")
    held = np.load(encoder)
    moved = []
    for stage in stages:
        before = weights.state_of(trainer.net)
        trainer.step = 0
        trainer._run_stage(stage)
        moved.append({name for name, array in weights.state_of(trainer.net).items()
                      if (array != before[name]).any()})
        if stage.freeze_encoder:
            np.testing.assert_array_equal(before["encoder.features.0.0.weight"],
                                          held["features.0.0.weight"])
    assert moved[0] and not any(name.startswith("encoder.") for name in moved[0])
    assert {"encoder.features.0.0.weight", "encoder.features.0.1._mean"} <= moved[1]


def test_it_begins_with_a_checkpoint_or_an_encoder(tmp_path, recipe):
    paddle.seed(4)
    first = build(ModelConfig("text_seg", 16))
    held = weights.state_of(first)
    weights.save(tmp_path / "first.pdparams", held, first.config)
    trainer = MaskTrainer(recipe(init=str(tmp_path / "first.pdparams")), tmp_path / "run")
    for name, array in weights.state_of(trainer.net).items():
        np.testing.assert_array_equal(array, held[name])
    np.savez(tmp_path / "other.npz", weight=np.ones(3))
    with pytest.raises(ValueError, match="train.init=.*other.npz: no MobileNetV2: it lacks feat"):
        MaskTrainer(recipe(init=str(tmp_path / "other.npz")), tmp_path / "run")


def test_a_resumed_run_goes_on_as_if_it_had_not_stopped(tmp_path, recipe):
    stages = [StageConfig(4, 1e-2, 1e-4, cycle=3)]
    whole = MaskTrainer(recipe(stages, save_every=2), tmp_path / "whole").fit()
    cut = MaskTrainer(recipe(stages, save_every=2), tmp_path / "cut")
    usual = cut._record

    def stop(*arguments):
        usual(*arguments)
        if cut.step == 2:
            raise KeyboardInterrupt

    cut._record = stop
    with pytest.raises(KeyboardInterrupt):
        cut.fit()
    resumed = MaskTrainer(recipe(stages, save_every=2), tmp_path / "cut", resume=True).fit()
    ours, theirs = weights.read(resumed)["model"], weights.read(whole)["model"]
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array)


def test_sgd_with_nesterov_and_weight_decay_by_hand():
    p = paddle.create_parameter([2], "float32")
    p.set_value(np.array([1.0, -2.0], "f4"))
    config = TrainConfig(optimizer="sgd", weight_decay=0.1, clip=0.0)
    optimizer = make_optimizer(config, 0.5, [p])
    value, velocity = np.array([1.0, -2.0]), np.zeros(2)
    for _ in range(3):
        (3 * p).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
        gradient = 3 + 0.1 * value
        velocity = 0.9 * velocity + gradient
        value = value - 0.5 * (gradient + 0.9 * velocity)
        np.testing.assert_allclose(p.numpy(), value, rtol=1e-5)
