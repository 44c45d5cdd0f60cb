"""The report of a run of test.py: every page, the least certain first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from tqdm import tqdm

from data.cores import usable_cores
from data.documents import document_kind
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
                       "over 0.9: rims of strokes; near 100% faint writing may have stayed"),
    "ink": Column("ink", ".2%", "share of the page where p is over ½"),
    "seconds": Column("seconds", ".2f", "time that erasing took"),
}
MEASURED = ("psnr", "ink_gone", "print_kept")  # where there is a ground truth


class Report:
    """The report of a run over `files`, written to `path`.

    Images whose ground truth lies in the folder `truths` are measured. Raises ValueError where
    none does, and where `path` is no place for a report.
    """

    def __init__(self, path: Path, files: list[Path], truths: Path | None, overwrite: bool):
        check_report(path, overwrite)
        self._path = path
        self._files = {file.stem: file for file in files}
        self._truths = {} if truths is None else {
            path.stem: path for path in list_images(truths)
            if path.stem in self._files and document_kind(self._files[path.stem]) == "image"}
        if truths and not self._truths:
            raise ValueError(f"{truths}: no page's ground truth is there; files pair by stem, for "
                             f"example {truths / min(self._files)}.*")

    def write(self, results: list[Path], problems: list[str]) -> None:
        """Write the report of results that have records, and of the run's problems.

        What cannot be measured is added to `problems`. Raises OSError naming the file.
        """
        with ThreadPoolExecutor(usable_cores()) as pool:
            seen = list(tqdm(pool.map(self._look_at, results), "report", len(results), unit="file",
                             leave=False, disable=None))
        problems += [problem for _, problem in seen if problem]
        pages = sorted(chain.from_iterable(entries for entries, _ in seen),
                       key=lambda page: (page[0]["certainty"], page[0]["page"]))
        columns = OWN_COLUMNS | {name: COLUMNS[name] for name in MEASURED if self._truths}
        write_bytes(self._path, render(
            "erased", columns, [row for row, _, _ in pages],
            [read_pictures(record, place) for _, record, place in pages[:PICTURED]], problems))

    def _look_at(self, result: Path) -> tuple[list[tuple[dict, Path, int]], str | None]:
        """A file's pages, each as its row of figures, record and place in that; what went wrong."""
        file, truth = self._files[result.stem], self._truths.get(result.stem)
        record = result.parent / RECORDS / f"{result.stem}.json"
        entries, problem = [], None
        for figures, place in read_figures(record):
            number = figures.pop("number")
            figures["page"] = file.name if number is None else f"{file.name}: {number}"
            if truth and number is None:
                try:
                    figures |= _measure(file, result, truth)
                except ValueError as error:
                    problem = str(error)
            entries.append((figures, record, place))
        return entries, problem


def _measure(page: Path, result: Path, truth: Path) -> dict[str, float]:
    before, after, gt = map(read_image, (page, result, truth))
    try:
        return {"psnr": psnr(after, gt), "ink_gone": ink_gone(after, gt, before),
                "print_kept": print_kept(after, gt, before)}
    except ValueError as error:
        raise ValueError(f"{truth}: {error}") from None
