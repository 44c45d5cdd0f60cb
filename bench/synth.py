"""How fast the generator is on one core: crops a second, and whole pages a minute.

    python bench/synth.py [--pages N] [--size 384] [--per-page 16] [--seed S]

The tables say where the time goes: printing the sheet, writing on it, capturing it (geometry,
paper, light), and developing pixels (lens, noise, JPEG). Times are processor time, so that other
programs on the machine do not count.
"""

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from data.synth import page

A4_150_DPI = (1240, 1754)
STEPS = {"make_sheet": "print", "write_on": "write", "Capture": "capture"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pages", type=int, default=40, help="pages of each table (40)")
    parser.add_argument("--size", type=int, default=384, help="side of a crop in pixels (384)")
    parser.add_argument("--per-page", type=int, default=16, help="crops of one page (16)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    page.use_one_core()
    spent = clock_steps()

    # Fonts, word lists and noise banks are loaded once a process.
    for index in range(3):
        page.render(options.seed, 10**6 + index, size=(600, 800))

    def crop(index: int) -> int:
        return sum(
            1 for _ in page.crops(options.seed, index, options.size, options.per_page)
        )

    def whole(index: int) -> int:
        page.render(options.seed, index, size=A4_150_DPI)
        return 1

    done, seconds = run(crop, options.pages, spent)
    print(f"\ncrops of {options.size} x {options.size}, {options.per_page} of a page: "
          f"{done / seconds:.1f} a second")
    show(spent, options.pages, seconds)
    done, seconds = run(whole, options.pages, spent)
    print(f"\nA4 pages at 150 dpi: {60 * done / seconds:.1f} a minute")
    show(spent, options.pages, seconds)


def clock_steps() -> dict[str, list[float]]:
    """Puts a clock on the steps of a page; the seconds of each call, by step."""
    spent: dict[str, list[float]] = defaultdict(list)

    def clocked(function, name):
        def call(*arguments, **named):
            start = time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                spent[name].append(time.process_time() - start)
        return call

    for function, name in STEPS.items():
        setattr(page, function, clocked(getattr(page, function), name))
    return spent


def run(make, pages: int, spent: dict[str, list[float]]) -> tuple[int, float]:
    """What `make` made of that many pages, and the seconds of the core it took."""
    spent.clear()
    start = time.process_time()
    done = sum(make(index) for index in range(pages))
    return done, time.process_time() - start


def show(spent: dict[str, list[float]], pages: int, seconds: float) -> None:
    print(f"{'step':<10}{'ms a page':>10}{'longest':>10}{'share':>8}")
    for name in STEPS.values():
        total = sum(spent[name])
        print(f"{name:<10}{1000 * total / pages:>10.1f}{1000 * max(spent[name], default=0):>10.1f}"
              f"{total / seconds:>8.0%}")
    rest = seconds - sum(map(sum, spent.values()))
    print(f"{'develop':<10}{1000 * rest / pages:>10.1f}{'':>10}{rest / seconds:>8.0%}")
    print(f"{'all':<10}{1000 * seconds / pages:>10.1f}{'':>10}{1:>8.0%}")


if __name__ == "__main__":
    main()
