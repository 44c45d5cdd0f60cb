import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("code", [
    "import model.weights", "import infer", "from data.cores import start_paddle; start_paddle()",
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
