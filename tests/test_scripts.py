"""The shell scripts, under a POSIX shell, with stubs for Python, pip and nvidia-smi.

Each test has a copy of the scripts and a PATH of its own: nothing is installed or downloaded.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHELL = shutil.which("dash") or shutil.which("sh")
TOOLS = ("cat", "cmp", "cp", "dirname", "env", "grep", "mkdir", "rm", "tr")
GPU_LINE = ["paddlepaddle-gpu==3.3.1", "--index-url",
            "https://www.paddlepaddle.org.cn/packages/stable/cu126/"]
PYTEST = ["-m", "pytest", "-n", "2", "--dist", "worksteal", "--reruns", "1", "--only-rerun",
          "^worker .* crashed", "--timeout", "600", "--timeout-method", "thread"]
PIP = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]

# Notes its name and arguments, then plays a Python as the environment says: OLD, NO_PADDLE and
# NO_CUDA are exit statuses, FAIL the name of what fails. The real Python runs a script on stdin.
PYTHON = f"""#!{SHELL}
{{ printf '%s' "$0"; printf '\\037%s' "$@"; echo; }} >>"$LOG"
case "$*" in
    *version_info*) exit "${{OLD:-0}}" ;;
    *find_spec*paddle*) exit "${{NO_PADDLE:-0}}" ;;
    *is_compiled_with_cuda*) exit "${{NO_CUDA:-0}}" ;;
    "-m venv "*)
        mkdir -p "$3/bin"
        [ "${{FAIL:-}}" != venv ] || exit 1
        cp "$0" "$3/bin/python"
        cp "$0" "$3/bin/pip" ;;
    "-m pip install "*) [ "${{FAIL:-}}" != pip ] || exit 1 ;;
    "- "*) exec "$REAL" "$@" ;;
    */compute_mask.py\\ *) exit "${{MASKS:-0}}" ;;
    "-m pytest"*) echo "$FLAGS_use_mkldnn" ;;
    */app\\ *|*/app) echo "$PYTHONPATH" ;;
esac
"""
NVIDIA_SMI = f"""#!{SHELL}
[ "$1" = -L ] && echo 'GPU 0: NVIDIA H100 (UUID: GPU-0)'
"""


@pytest.fixture
def scripts(tmp_path):
    return Scripts(tmp_path)


class Scripts:
    """A copy of the scripts in a folder with blanks in its name, and a PATH of stubs."""

    def __init__(self, folder):
        self.home, self.bin, self.log = folder / "an eraser", folder / "bin", folder / "log"
        for name in ("setup.sh", "test.sh", "train.sh", "serve.sh", "requirements.txt",
                     "tests/run.sh", "tests/requirements.txt", "app/requirements.txt"):
            (self.home / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, self.home / name)
        self.bin.mkdir()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        self.stub("python3", PYTHON)
        self.python = str(self.bin / "python3")
        self.venv = str(self.home / ".venv" / "bin" / "python")

    def stub(self, name, text):
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    def run(self, script, *arguments, cwd=None, **environment):
        """Status, stdout and stderr; `calls` then holds (program, arguments) of every Python."""
        self.log.unlink(missing_ok=True)
        done = subprocess.run(
            [SHELL, script if cwd else self.home / script, *arguments], cwd=cwd or self.home,
            env={"PATH": str(self.bin), "LOG": str(self.log), "REAL": sys.executable,
                 **environment},
            capture_output=True, text=True,
        )
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.calls = [(program, rest) for program, *rest in (line.split("\x1f") for line in lines)]
        return done.returncode, done.stdout, done.stderr

    def pip(self):
        return [(program, rest) for program, rest in self.calls if rest[:2] == ["-m", "pip"]]

    def last(self):
        return self.calls[-1]


def test_an_active_python_with_paddle_is_left_alone(scripts):
    assert scripts.run("test.sh") == (0, "", "")
    assert not (scripts.home / ".venv").exists()
    assert scripts.pip() == []
    assert scripts.last()[0] == scripts.python


def test_packages_that_an_active_python_lacks_are_named_in_one_pip_line(scripts):
    with (scripts.home / "requirements.txt").open("a") as stream:
        stream.write("\n# comment\nno-such-package>=1.5,<2  # why\nnone-either[x]; os_name != ''\n"
                     "not-needed  # optional: faster\n")
    status, out, err = scripts.run("test.sh")
    assert (status, out) == (2, "")
    assert err == (
        "setup.sh: the active Python lacks packages: "
        f"{scripts.python} -m pip install 'no-such-package>=1.5,<2' 'none-either[x]' \n"
    )
    assert scripts.pip() == []
    assert not (scripts.home / ".venv").exists()


def test_without_paddle_a_venv_is_made_once(scripts):
    status, out, err = scripts.run("test.sh", NO_PADDLE="1")
    assert (status, out) == (0, "")
    assert f"making .venv with {scripts.python}" in err
    assert (scripts.python, ["-m", "venv", ".venv"]) in scripts.calls
    assert scripts.pip() == [(scripts.venv, [*PIP, "-r", ".venv/requirements"])]
    assert (scripts.home / ".venv/requirements").read_text() == (
        ROOT / "requirements.txt").read_text()
    assert scripts.last()[0] == scripts.venv

    assert scripts.run("test.sh", NO_PADDLE="1") == (0, "", "")
    assert scripts.last()[0] == scripts.venv
    assert not [rest for _, rest in scripts.calls if rest[0] == "-m"]
    # Also where no other Python is left; and anew when the requirements change.
    assert scripts.run("test.sh", OLD="1") == (0, "", "")
    with (scripts.home / "requirements.txt").open("a") as stream:
        stream.write("another\n")
    assert scripts.run("test.sh", NO_PADDLE="1")[0] == 0
    assert len(scripts.pip()) == 1


def test_further_requirements_come_once(scripts):
    status, out, _ = scripts.run("tests/run.sh", "-k", "a b", NO_PADDLE="1")
    assert (status, out) == (0, "1\n")
    assert len(scripts.pip()) == 3
    checks = [rest for _, rest in scripts.calls if rest[1] in ("ruff", "pytest")]
    assert checks == [["-m", "ruff", "check", "."], [*PYTEST, "-k", "a b"]]
    assert scripts.run("run.sh", cwd=scripts.home / "tests", NO_PADDLE="1")[0] == 0
    assert scripts.pip() == []
    assert scripts.last() == (scripts.venv, PYTEST)


@pytest.mark.parametrize("given, line", [
    ({}, GPU_LINE), ({"PADDLE_GPU": "paddlepaddle-gpu==2.6.2"}, ["paddlepaddle-gpu==2.6.2"]),
])
def test_a_gpu_gets_paddle_of_its_own(scripts, given, line):
    scripts.stub("nvidia-smi", NVIDIA_SMI)
    assert scripts.run("test.sh", NO_PADDLE="1", **given)[0] == 0
    assert [rest for _, rest in scripts.pip()] == [
        [*PIP, *line], [*PIP, "-r", ".venv/requirements"]]
    rest = (scripts.home / ".venv/requirements").read_text()
    assert "\npaddlepaddle" not in rest
    assert "\nnumpy" in rest
    assert scripts.run("test.sh", NO_PADDLE="1")[0] == 0
    assert scripts.pip() == []


def test_nvidia_smi_without_a_gpu_counts_for_nothing(scripts):
    scripts.stub("nvidia-smi", f"#!{SHELL}\necho 'no devices were found'; exit 6\n")
    assert scripts.run("test.sh", NO_PADDLE="1")[0] == 0
    assert [rest for _, rest in scripts.pip()] == [[*PIP, "-r", ".venv/requirements"]]


@pytest.mark.parametrize("fail, message, kept", [
    ("venv", "no virtual environment; on Debian: apt install python3-venv", False),
    ("pip", "pip could not install requirements.txt; see above", True),
])
def test_what_fails_is_tried_again(scripts, fail, message, kept):
    status, _, err = scripts.run("test.sh", NO_PADDLE="1", FAIL=fail)
    assert status == 2
    assert err.endswith(f"setup.sh: {message}\n")
    assert (scripts.home / ".venv").exists() == kept
    assert "test.py" not in str(scripts.calls)
    assert scripts.run("test.sh", NO_PADDLE="1")[0] == 0
    assert len(scripts.pip()) == 1


def test_a_venv_that_was_interrupted_is_made_again(scripts):
    assert scripts.run("test.sh", NO_PADDLE="1")[0] == 0
    (scripts.home / ".venv/bin/pip").unlink()
    assert scripts.run("test.sh", NO_PADDLE="1")[0] == 0
    assert (scripts.python, ["-m", "venv", ".venv"]) in scripts.calls
    assert (scripts.home / ".venv/bin/pip").exists()


def test_too_old_or_no_python(scripts):
    message = "setup.sh: Python 3.10, 3.11 or 3.12 is needed; set PYTHON to one\n"
    assert scripts.run("test.sh", OLD="1") == (2, "", message)
    (scripts.bin / "python3").unlink()
    assert scripts.run("test.sh") == (2, "", message)
    # The next best: another name, or the one that PYTHON gives, which is not silently replaced.
    scripts.stub("python3.11", PYTHON)
    assert scripts.run("test.sh")[0] == 0
    scripts.stub("mine", PYTHON)
    assert scripts.run("test.sh", PYTHON="mine")[0] == 0
    assert scripts.last()[0] == str(scripts.bin / "mine")
    status, _, err = scripts.run("test.sh", PYTHON="missing")
    assert (status, err) == (
        2, "setup.sh: PYTHON is not a Python 3.10, 3.11 or 3.12: missing\n")


@pytest.mark.parametrize("given, inputs, output, rest", [
    ([], None, None, []),
    (["my pages"], "my pages", None, []),
    (["my pages/*.jpg", "../the results"], "my pages/*.jpg", "../the results", []),
    (["--weights", "a b.pdparams", "c"], None, None, ["--weights", "a b.pdparams", "c"]),
    (["p", "--tta", "none"], "p", None, ["--tta", "none"]),
    (["p", "o", "--mask", "m n", "--composite"], "p", "o", ["--mask", "m n", "--composite"]),
])
def test_test_sh_passes_on(scripts, tmp_path, given, inputs, output, rest):
    """From any folder, with relative paths left to that folder."""
    (tmp_path / "else where").mkdir()
    script = "../an eraser/test.sh"
    status = scripts.run(script, *given, cwd=tmp_path / "else where")
    assert status == (0, "", "")
    output = output or str(scripts.home / "results")
    assert scripts.last() == (scripts.python, [
        str(scripts.home / "test.py"), inputs or str(scripts.home / "examples"),
        "--zip", "--output", output, *rest,
    ])


def test_the_folder_of_the_caller_stays(scripts, tmp_path):
    (tmp_path / "here").mkdir()
    # CDPATH would send `cd tests/..` elsewhere, and print where to.
    (tmp_path / "decoy" / "an eraser").mkdir(parents=True)
    scripts.stub("python3", PYTHON + '[ "${1##*/}" != test.py ] || echo "$PWD"\n')
    status, out, err = scripts.run("../an eraser/test.sh", cwd=tmp_path / "here")
    assert (status, out) == (0, f"{tmp_path / 'here'}\n")
    given = {"cwd": tmp_path, "CDPATH": str(tmp_path / "decoy")}
    status, out, err = scripts.run("an eraser/test.sh", **given)
    assert (status, out, err) == (0, f"{tmp_path}\n", "")
    assert scripts.last()[1][0] == str(scripts.home / "test.py")
    assert scripts.run("an eraser/train.sh", "data", **given)[0] == 0


def test_the_status_of_test_py_is_kept(scripts):
    scripts.stub("python3", PYTHON + '[ "${1##*/}" != test.py ] || exit 1\n')
    assert scripts.run("test.sh")[0] == 1


def test_serve_sh_installs_what_only_the_page_needs_and_passes_on(scripts, tmp_path):
    (tmp_path / "else where").mkdir()
    given = {"cwd": tmp_path / "else where", "NO_PADDLE": "1"}
    status, out, err = scripts.run("../an eraser/serve.sh", "--port", "80", "--weights", "a b",
                                   **given)
    assert (status, out) == (0, f"{scripts.home}\n")
    assert "installing app/requirements.txt" in err
    assert len(scripts.pip()) == 2
    assert scripts.last() == (
        scripts.venv, [f"{scripts.home}/app", "--port", "80", "--weights", "a b"])
    assert scripts.run("../an eraser/serve.sh", **given)[0] == 0
    assert scripts.pip() == []
    assert scripts.run("test.sh", NO_PADDLE="1")[0] == 0
    assert scripts.pip() == []


@pytest.mark.parametrize("arguments", [[], ["--resume"], ["--help"]])
def test_train_sh_without_data_says_how_to_get_some(scripts, arguments):
    status, out, err = scripts.run("train.sh", *arguments)
    assert (status, out) == (2, "")
    for word in ("usage: sh train.sh DATA", "DATA/images/", "DATA/gts/", "SCUT-EnsText"):
        assert word in err
    assert scripts.calls == []


@pytest.mark.parametrize("recipe, gpu, suffix", [
    (None, False, "_lite"), (None, True, ""), ("lite", True, "_lite"), ("full", False, ""),
])
@pytest.mark.parametrize("out", [None, "my runs"])
def test_train_sh_makes_masks_and_trains_both(scripts, tmp_path, recipe, gpu, suffix, out):
    if gpu:
        scripts.stub("nvidia-smi", NVIDIA_SMI)
    arguments = ["my data", *([out] if out else []), "--steps", "9", "--set", "a=b c"]
    status, said, err = scripts.run("an eraser/train.sh", *arguments, cwd=tmp_path,
                                    **({"RECIPE": recipe} if recipe else {}))
    assert (status, err) == (0, "")
    home, out = scripts.home, out or "runs"
    assert [rest for _, rest in scripts.calls][-3:] == [
        [f"{home}/compute_mask.py", "my data"],
        *([f"{home}/train.py", "--config", f"{home}/configs/{net}{suffix}.yaml",
           "--data", "my data", "--out", f"{out}/{net}{suffix}", "--steps", "9", "--set", "a=b c"]
          for net in ("erasenet", "nonlocal")),
    ]
    for net in ("erasenet", "nonlocal"):
        assert (ROOT / "configs" / f"{net}{suffix}.yaml").exists()
        assert f" '{out}/{net}{suffix}/best.pdparams'" in said


def test_a_paddle_without_cuda_trains_the_lite_recipes(scripts):
    scripts.stub("nvidia-smi", NVIDIA_SMI)
    assert scripts.run("train.sh", "data", NO_CUDA="1")[0] == 0
    assert scripts.last()[1][-1] == "runs/nonlocal_lite"


def test_train_sh_resumes_what_has_begun(scripts):
    given = ["my data", "my runs", "--resume", "--set", "a=b c"]
    for runs, resumed in (([], [False, False]), (["erasenet"], [True, False]),
                          (["erasenet", "nonlocal"], [True, True])):
        for name in runs:
            folder = scripts.home / "my runs" / f"{name}_lite"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "last.pdparams").touch()
        assert scripts.run("train.sh", *given)[0] == 0
        trained = [rest[7:] for _, rest in scripts.calls if rest[0].endswith("train.py")]
        assert trained == [["--resume"] * again + ["--set", "a=b c"] for again in resumed]


def test_train_sh_leaves_masks_to_recipes_that_want_others(scripts):
    for options in (["--set", "data.threshold=8"], ["--steps", "9", "--set=data.channel=max"]):
        assert scripts.run("train.sh", "data", *options)[0] == 0
        assert "compute_mask.py" not in str(scripts.calls) and "train.py" in str(scripts.calls)


@pytest.mark.parametrize("option", ["--init", "--out=runs", "--config", "--data"])
def test_train_sh_refuses_what_is_for_one_network(scripts, option):
    assert scripts.run("train.sh", "data", "runs", option, "x") == (
        2, "", f"train.sh: {option.split('=')[0]} is for one network: use train.py\n")
    assert "train.py" not in str(scripts.calls)


def test_train_sh_stops_early(scripts):
    assert scripts.run("train.sh", "data", RECIPE="big") == (
        2, "", "train.sh: RECIPE is lite or full, not big\n")
    for status in (1, 2):
        assert scripts.run("train.sh", "data", MASKS=str(status))[0] == status
        assert "train.py" not in str(scripts.calls)
