"""The report of a run of test.py: every page, the least certain first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from data.cores import usable_cores
from data.files import write_bytes
from data.image_io import list_images, read_image
from infer.record import RECORDS, read_figures, read_pictures
from metric import ink_gone, print_kept, psnr
from metric.columns import COLUMNS, Column
from metric.report import check_report, render

PICTURED = 100  # pages with pictures: about 20 MB in all, which a browser opens at once

OWN_COLUMNS = {
    "certainty": Column("certainty", ".1%", "how sure the networks were: twice the mean of |p − ½| "
                        "over the page, p being the mask (1 is ink), up to 0.1 counted as 0"),
    "doubtful": Column("doubtful ink", ".0%", "share of the pixels with p over 0.1 where it is not "
                       "over 0.9: the rims of strokes, and what may be ink or print"),
    "ink": Column("ink", ".2%", "share of the page where p is over ½"),
    "seconds": Column("seconds", ".2f", "time that erasing took"),
}
MEASURED = ("psnr", "ink_gone", "print_kept")  # where there is a ground truth


class Report:
    """The report of a run over `pages`, written to `path`.

    Results whose ground truth lies in the folder `truths` are measured. Raises ValueError where
    none does, and where `path` is no place for a report.
    """

    def __init__(self, path: Path, pages: list[Path], truths: Path | None, overwrite: bool):
        check_report(path, overwrite)
        self._path = path
        self._pages = {page.stem: page for page in pages}
        self._truths = {} if truths is None else {
            path.stem: path for path in list_images(truths) if path.stem in self._pages}
        if truths and not self._truths:
            raise ValueError(f"{truths}: no page's ground truth is there; files pair by stem, for "
                             f"example {truths / min(self._pages)}.*")

    def write(self, results: list[Path], problems: list[str]) -> None:
        """Write the report of results that have records, and of the run's problems.

        What cannot be measured is added to `problems`. Raises OSError naming the file.
        """
        with ThreadPoolExecutor(usable_cores()) as pool:
            seen = list(tqdm(pool.map(self._look_at, results), "report", len(results), unit="page",
                             leave=False, disable=None))
        seen.sort(key=lambda entry: (entry[1]["certainty"], entry[1]["page"]))
        problems += [problem for _, _, problem in seen if problem]
        columns = OWN_COLUMNS | {name: COLUMNS[name] for name in MEASURED if self._truths}
        write_bytes(self._path, render(
            "erased", columns, [row for _, row, _ in seen],
            [read_pictures(record) for record, _, _ in seen[:PICTURED]], problems))

    def _look_at(self, result: Path) -> tuple[Path, dict, str | None]:
        """A page's record, its row of figures, and what went wrong."""
        page, truth = self._pages[result.stem], self._truths.get(result.stem)
        record = result.parent / RECORDS / f"{result.stem}.json"
        row = {"page": page.name} | read_figures(record)
        try:
            return record, row | (_measure(page, result, truth) if truth else {}), None
        except ValueError as error:
            return record, row, str(error)


def _measure(page: Path, result: Path, truth: Path) -> dict[str, float]:
    before, after, gt = map(read_image, (page, result, truth))
    try:
        return {"psnr": psnr(after, gt), "ink_gone": ink_gone(after, gt, before),
                "print_kept": print_kept(after, gt, before)}
    except ValueError as error:
        raise ValueError(f"{truth}: {error}") from None
