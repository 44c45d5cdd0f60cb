import os
import subprocess
import sys
from pathlib import Path

import pytest

from data.cores import usable_cores

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("code", [
    "import model.weights", "from infer import Eraser",
    "from data.cores import start_paddle; start_paddle()",
])
def test_zlib_is_there_before_paddle(code):
    """Paddle 2.6 brings a zlib of its own: Python's, loaded later, would crash."""
    watch = """if True:
        import sys
        class Watch:
            def find_spec(self, name, path=None, target=None):
                if name == "paddle":
                    sys.exit("zlib" not in sys.modules)
        sys.meta_path.insert(0, Watch())
    """
    done = subprocess.run([sys.executable, "-c", f"{watch}\n{code}\nsys.exit(2)"], cwd=ROOT)
    assert done.returncode == 0


@pytest.mark.parametrize("files, cores", [
    ({}, 8),
    ({"cpu.max": "max 100000\n"}, 8),
    ({"cpu.max": "250000 100000\n"}, 3),
    ({"cpu.max": "50000 100000\n"}, 1),
    ({"cpu.max": "6400000 100000\n"}, 8),
    ({"cpu.max": "garbage\n"}, 8),
    ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
    ({"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 2),
    ({"cpu/cpu.cfs_quota_us": "200000\n"}, 8),
])
def test_a_share_of_processor_time_counts(tmp_path, monkeypatch, files, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert usable_cores(tmp_path) == cores
