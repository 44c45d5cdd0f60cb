import json

import numpy as np
import paddle
import pytest

import train
from data.characters import Characters, to_json
from data.image_io import read_image, write_image
from infer.detector import Detector
from model import weights
from training.config import load_config
from training.text import TextTrainer, outlines

QUADS = np.stack([[[20 + 22 * i, 30], [40 + 22 * i, 30], [40 + 22 * i, 60], [20 + 22 * i, 60]]
                  for i in range(3)]).astype(float)


@pytest.fixture
def pages(tmp_path):
    """Pages with dark squares as characters, and the same with outlines of words only."""
    for folder in ("known/images", "known/chars", "weak/images", "weak/words"):
        (tmp_path / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        page = rng.integers(225, 245, (96, 128, 3), np.uint8)
        for left, top in QUADS[:, 0].astype(int):
            page[top + 4:top + 26, left + 3:left + 17] = 40
        for kind in ("known", "weak"):
            write_image(tmp_path / kind / "images" / f"{name}.png", page)
        text = to_json([Characters("abc", QUADS)], 128, 96)
        (tmp_path / "known" / "chars" / f"{name}.json").write_text(text)
        (tmp_path / "weak" / "words" / f"{name}.txt").write_text("20,30,84,30,84,60,20,60,abc\n")
    return tmp_path


def recipe(pages, *changes, steps=2):
    return load_config("configs/craft.yaml", [
        "model.width=16", f"data.root={pages / 'known'}", "data.layout=auto", "data.val_fraction=0",
        "data.val_pages=1", "data.augment={crop: 96, rotate: 0}", "train.batch=2",
        "train.device=cpu", "train.compile=never", "train.log_every=1", "train.save_every=1",
        *changes], steps)


def figures(run):
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_a_run_leaves_a_detector(pages, tmp_path):
    best = TextTrainer(recipe(pages), tmp_path / "run").fit()
    content = weights.read(best)
    assert content["config"]["arch"] == "craft" and set(content["metric"]) == {
        "precision", "recall", "hmean"}
    lines = figures(tmp_path / "run")
    assert {"region", "affinity", "loss"} <= set(lines[0])
    assert lines[0]["loss"] == pytest.approx(lines[0]["region"] + lines[0]["affinity"], rel=1e-4)
    assert read_image(tmp_path / "run" / "pictures" / "a_2.jpg").shape == (96, 128, 3)
    assert isinstance(Detector(best, engine="paddle")(np.zeros((40, 50, 3), np.uint8)), list)


def test_a_run_goes_on_as_if_it_had_not_been_killed(pages, tmp_path):
    whole = TextTrainer(recipe(pages, steps=4), tmp_path / "whole")
    whole.fit()
    cut = TextTrainer(recipe(pages, steps=4), tmp_path / "cut")
    record, cut._record = cut._record, lambda *given: None

    def stop_after_two(*given):
        record(*given)
        if cut.step == 2:
            raise KeyboardInterrupt

    cut._record = stop_after_two
    with pytest.raises(KeyboardInterrupt):
        cut.fit()
    resumed = TextTrainer(recipe(pages, steps=4), tmp_path / "cut", resume=True)
    resumed.fit()
    one, other = (weights.state_of(trainer.net) for trainer in (whole, resumed))
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)


def test_steps_lower_the_loss(pages, tmp_path):
    config = recipe(pages, "train.stages=[{steps: 20, lr: 0.003, warmup: 0}]", steps=None)
    TextTrainer(config, tmp_path / "run").fit()
    losses = [line["loss"] for line in figures(tmp_path / "run") if "loss" in line]
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:3])


def test_words_of_weak_pages_are_labelled_by_the_averaged_weights(pages, tmp_path):
    config = recipe(pages, f"data.weak={pages / 'weak'}", "data.weak_share=1.0",
                    "data.augment={crop: 128, rotate: 0}")
    trainer = TextTrainer(config, tmp_path / "run")
    image, labels, wholes, _ = trainer.dataset[0, 0]
    batch = [paddle.to_tensor(array[None]) for array in (image, labels, wholes)]
    seen = []
    trainer._region = lambda crop: seen.append(crop) or np.zeros(
        [length // 2 for length in crop.shape[:2]], np.float32)
    _, filled = trainer._targets(batch)
    assert len(seen) == 1 and filled.shape == [1, 3, 64, 64]
    trust = filled.numpy()[0, 2]
    assert trust[22, 20] == 0.5 and trust[5, 5] == 1  # nothing was seen: divided evenly
    assert filled.numpy()[0, 0, 22].max() > 0.8
    del trainer._region
    trainer.fit()
    assert np.isfinite(figures(tmp_path / "run")[0]["loss"])


def test_command(pages, tmp_path, capsys):
    """The recipe's generated pages give way to a folder."""
    arguments = ["--config", "configs/craft.yaml", "--data", str(pages / "known"), "--steps", "1",
                 "--out", str(tmp_path / "run")]
    for assignment in ("model.width=4", "data.val_fraction=0", "train.batch=1", "train.device=cpu",
                       "data.augment={crop: 96}", "train.compile=never"):
        arguments += ["--set", assignment]
    assert train.main(arguments) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "run" / "best.pdparams")
    assert {path.name for path in (tmp_path / "run" / "pictures").iterdir()} == {
        "a_1.jpg", "b_1.jpg"}


def test_outlines_of_words():
    known, ignored = outlines([Characters("abc", QUADS), Characters("", QUADS[:1])])
    assert sorted(map(tuple, known[0].round().tolist())) == [(20, 30), (20, 60), (84, 30), (84, 60)]
    assert len(known) == len(ignored) == 1


@pytest.mark.parametrize("stage", ["{steps: 1, drop: [dice]}", "{steps: 1, freeze_mask: true}"])
def test_what_only_erasers_have(pages, stage):
    with pytest.raises(ValueError, match="craft has no terms to drop and no mask branch"):
        recipe(pages, f"train.stages=[{stage}]", steps=None)
