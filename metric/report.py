"""Reports as one HTML file each, that needs no other file and no network.

The data go into report.html as one block of JSON, and its script shows them in the browser's
language. So there is nothing to template, and a page's name is never parsed as HTML.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from data.files import make_folder
from metric.columns import Column

TEMPLATE = Path(__file__).with_suffix(".html")
PLACE = "{{data}}"  # in the template
MARK = b'<meta name="generator" content="text eraser">'  # near its beginning
BINS = 24  # of a distribution


def render(
    kind: str, columns: dict[str, Column], rows: list[dict], pictures: list[dict],
    problems: list[str], distributions: dict[str, dict] | None = None,
) -> bytes:
    """A report of `kind` 'erased' or 'measured'.

    `rows` hold `page` and figures by the columns' names, the page to look at first at the top; a
    figure may be inf, nan or missing. `pictures` belong to the first rows.
    """
    data = {
        "kind": kind, "pictures": pictures, "problems": problems,
        "columns": [{"key": name, "heading": heading, "meaning": meaning,
                     "digits": int(form[1:-1]), "percent": form.endswith("%")}
                    for name, (heading, form, meaning) in columns.items()],
        "rows": [{name: _plain(value) for name, value in row.items()} for row in rows],
        "distributions": distributions or {},
    }
    # Within a script only "<" could be taken for markup; in JSON it stands in strings alone.
    block = json.dumps(data, allow_nan=False).replace("<", "\\u003c")
    return TEMPLATE.read_text(encoding="utf-8").replace(PLACE, block).encode()


def check_report(path: Path, overwrite: bool) -> None:
    """Make a report's folder. Raises ValueError where anything but an old one would be replaced."""
    if path.suffix.lower() != ".html":
        raise ValueError(f"{path}: the report's name must end in .html")
    make_folder(path.parent)
    if path.is_dir():
        raise ValueError(f"{path}: is a folder; name a file for the report")
    if path.exists() and not overwrite:
        with path.open("rb") as stream:
            if MARK not in stream.read(200):
                raise ValueError(f"{path}: exists and is no report; --overwrite replaces it")


def distribution(values: list[float], untouched: list[float]) -> dict | None:
    """How many values lie in each of BINS equal parts of their range, which `untouched` shares.

    Only finite ones count; None where there is none. `untouched` that are all the same have no
    distribution: no untouched page has ink gone.
    """
    values, untouched = (list(filter(math.isfinite, group)) for group in (values, untouched))
    if len(set(untouched)) == 1:
        untouched = []
    if not values + untouched:
        return None
    edges = np.histogram_bin_edges(values + untouched, BINS)
    counts, others = (np.histogram(group, edges)[0].tolist() for group in (values, untouched))
    return {"low": edges[0], "high": edges[-1], "counts": counts, "untouched": others}


def _plain(value: str | float) -> str | float | None:
    """As JSON can hold it: an undefined figure is null, an infinite one a word."""
    if isinstance(value, str) or math.isfinite(value):
        return value
    return None if math.isnan(value) else "inf"
