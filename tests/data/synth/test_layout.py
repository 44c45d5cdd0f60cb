"""Whole sheets: any size, any print, one seed one sheet."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data.synth.fonts import Faces
from data.synth.layout import KINDS, WRITTEN_KINDS, make_sheet
from data.synth.sheet import Sheet

FACES = Faces.load()
ROOT = Path(__file__).parents[3]
SLOT_KINDS = {
    "blank",
    "choice",
    "judge",
    "number",
    "line",
    "grid",
    "work",
    "column",
    "match",
    "option",
    "name",
    "score",
    "margin",
    "figure",
}


def sheet(
    seed: int, kind: str = "exam", width: int = 600, height: int = 800, print_height: float = 20
) -> Sheet:
    return make_sheet(np.random.default_rng(seed), kind, width, height, print_height, FACES)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("width", "height", "print_height"),
    [
        (64, 64, 8),
        (64, 64, 60),
        (600, 800, 8),
        (600, 800, 60),
        (1240, 300, 25),
        (90, 900, 14),
    ],
)
def test_any_size_can_be_printed(kind, width, height, print_height):
    made = sheet(1, kind, width, height, print_height)
    assert made.ink.shape == (height, width, 3) and made.ink.dtype == np.uint8
    assert made.print_height == print_height


def test_a_very_large_sheet():
    made = sheet(2, "exam", 5000, 7000, 60)
    assert made.ink.shape == (7000, 5000, 3)
    assert (made.ink < 128).any(axis=2).mean() > 0.005


@pytest.mark.parametrize("kind", WRITTEN_KINDS)
def test_what_is_recorded_lies_on_the_sheet(kind):
    for seed in range(6):
        made = sheet(seed, kind)
        boxes = [slot.box for slot in made.slots] + [line.box for line in made.lines]
        for box in boxes + made.figures:
            assert box.left < 600 and box.top < 800 and box.right > 0 and box.bottom > 0
        for slot in made.slots:
            assert slot.kind in SLOT_KINDS and slot.script in ("zh", "latin", "math")
            assert slot.box.width > 0 and slot.box.height > 0 and slot.height >= 0


@pytest.mark.parametrize("kind", WRITTEN_KINDS)
def test_sheets_offer_places_to_write(kind):
    assert sum(len(sheet(seed, kind).slots) for seed in range(6)) > 6


@pytest.mark.parametrize("kind", ["exam", "worksheet", "book", "form", "slides"])
def test_sheets_are_printed(kind):
    shares = [(sheet(seed, kind).ink < 128).any(axis=2).mean() for seed in range(8)]
    assert 0.01 < np.mean(shares) < 0.3


def test_ink_is_where_the_lines_are():
    made = sheet(4, "book")
    for line in made.lines:
        top, left = max(0, int(line.box.top)), max(0, int(line.box.left))
        spot = made.ink[top : int(line.box.bottom) + 1, left : int(line.box.right) + 1]
        inside = line.box.left >= 0 and line.box.right <= 600 and line.box.bottom <= 800
        if inside and line.box.top >= 0 and any(c.isalnum() for c in line.text):
            assert spot.min() != spot.max(), line


def test_one_seed_one_sheet():
    first, other = sheet(5), sheet(5)
    assert np.array_equal(first.ink, other.ink)
    assert first.slots == other.slots and first.lines == other.lines
    assert not np.array_equal(first.ink, sheet(6).ink)


def test_what_was_printed_before_makes_no_difference():
    alone = sheet(7, "worksheet").ink
    for seed in range(4):
        sheet(seed, "book", print_height=9 + seed)
    assert np.array_equal(alone, sheet(7, "worksheet").ink)


def test_another_process_prints_the_same():
    code = (
        "import zlib, numpy as np\n"
        "from data.synth.fonts import Faces\n"
        "from data.synth.layout import make_sheet\n"
        'for kind in ("exam", "worksheet", "book", "form", "notes", "slides"):\n'
        "    rng = np.random.default_rng(3)\n"
        "    print(zlib.crc32(make_sheet(rng, kind, 500, 700, 18, Faces.load()).ink))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            text=True,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1


def test_print_grows_with_its_height():
    def median_line(print_height: float) -> float:
        return float(
            np.median([t.box.height for t in sheet(8, "book", 900, 900, print_height).lines])
        )

    assert median_line(40) == pytest.approx(2 * median_line(20), rel=0.15)


@pytest.mark.parametrize(
    ("kind", "size", "print_height", "message"),
    [
        ("poster", (10, 10), 20, "unknown kind of sheet 'poster'; known: exam"),
        ("exam", (0, 10), 20, "0x10 pixels"),
        ("exam", (10, 10), 2, "at least 4"),
    ],
)
def test_bad_arguments_are_refused(kind, size, print_height, message):
    with pytest.raises(ValueError, match=message):
        sheet(0, kind, *size, print_height)
