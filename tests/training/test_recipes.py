"""Every recipe that erases or fills trains, on a CPU, on rendered pages, with no file fetched."""

import json
from pathlib import Path

import pytest

import train
from data.synth.__main__ import main as render
from model import FINDING, weights

ROOT = Path(__file__).parents[2]
RECIPES = [path for path in sorted(ROOT.glob("configs/*.yaml"))
           if path.stem.removesuffix("_lite") not in FINDING]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered") / "pages"
    assert render(["--out", str(folder), "--pages", "2", "--seed", "1", "--size", "320x288",
                   "--workers", "1"]) == 0
    return folder


@pytest.mark.filterwarnings("ignore:loss terms .* are left out")
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_two_steps(tmp_path, pages, path):
    """With narrow networks and one small crop a step, all else as in the recipe."""
    changes = ["model.width=4", "model.refine_channels=4", "adversary.width=4",
               "data.augment.crop=256", "data.workers=0", "data.val_fraction=0",
               "data.val_pages=1", "train.batch=1", "train.log_every=1", "train.compile=never"]
    status = train.main([
        "--config", str(path), "--data", str(pages), "--out", str(tmp_path / "run"),
        "--steps", "2", *(part for change in changes for part in ("--set", change))])
    assert status == 0
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").open()]
    assert sum("loss" in line for line in lines) >= 2
    assert any("psnr" in line for line in lines)
    assert weights.load(tmp_path / "run" / "best.pdparams").config.width == 4
