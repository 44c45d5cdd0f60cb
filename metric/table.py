"""Aligned columns for a terminal, whatever script the names are in."""

from __future__ import annotations

import unicodedata

NAME_WIDTH = 32  # terminal columns that a page's name may take


def align(lines: list[list[str]]) -> list[str]:
    """Lines of as many cells each, as text: the first column flush left, the others right."""
    lines = [[_shorten(name), *figures] for name, *figures in lines]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    aligned = []
    for cells in lines:
        gaps = [" " * (width - _width(cell)) for width, cell in zip(widths, cells, strict=True)]
        figures = (gap + cell for gap, cell in zip(gaps[1:], cells[1:], strict=True))
        aligned.append("  ".join([cells[0] + gaps[0], *figures]))
    return aligned


def _shorten(name: str) -> str:
    """The end of a long name: that is where pages of one set differ."""
    if _width(name) <= NAME_WIDTH:
        return name
    while _width(name) >= NAME_WIDTH:
        name = name[1:]
    return "…" + name


def _width(text: str) -> int:
    """Terminal columns: East Asian characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
