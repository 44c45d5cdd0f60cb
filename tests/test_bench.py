"""What the scripts of bench/ are told, by their arguments and by the folders they read."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench import quality

ROOT = Path(__file__).parents[1]


def test_all_weights_are_used(monkeypatch):
    """Of more networks than a quality has; without any, those of the quality."""
    monkeypatch.setattr(quality, "Eraser", lambda networks, **settings: (networks, settings))
    for weights, count in ((["a", "b", "c"], 3), (None, 0)):
        options = quality.parse(["--quality", "fast", "--change", "tile=256", "scale=2", "--each",
                                 *(["--weights", *weights] if weights else [])])
        made = quality.erasers(options)
        assert all(len(networks or []) == count for networks, _ in made.values())
        assert (made["fast"][1]["tile"], made["fast"][1]["scale"]) == (256, 2)
        assert any(name.startswith("nets") for name in made) == (weights is None)


@pytest.mark.parametrize("change, message", [
    ("foo=1", "unknown setting 'foo'; known: nets, refine, "), ("tile=abc", "tile takes no 'abc'"),
    ("tile", "tile takes no None"), ("tile=[1", "tile takes no '[1'"), ("refine=2", "takes no 2"),
])
def test_changes_that_cannot_be(capsys, change, message):
    with pytest.raises(SystemExit) as caught:
        quality.parse(["--change", change])
    assert caught.value.code == 2 and message in capsys.readouterr().err


@pytest.mark.parametrize("every, expected", [(0, ["a", "b", "c"]), (2, ["a", "c"])])
def test_pairs_of_a_folder(tmp_path, make_set, capsys, every, expected):
    root = make_set(tmp_path / "set")
    (root / "gts" / "lonely.png").write_bytes((root / "gts" / "a.png").read_bytes())
    assert [pair.name for pair in quality.pairs(root, every)] == expected
    assert "lonely.png: no image lonely.* in" in capsys.readouterr().err


def test_text_seg_without_weights(tmp_path):
    done = subprocess.run([sys.executable, ROOT / "bench/text_seg.py", "--weights", "gone"],
                          capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "text_seg.py: error: gone: " in done.stderr
