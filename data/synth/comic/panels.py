"""How a comic page is cut into panels."""

from dataclasses import dataclass

import numpy as np

from data.synth.sheet import Box


@dataclass(frozen=True)
class Panel:
    """corners: (4, 2), clockwise from the top left; framed: whether an outline is drawn."""

    corners: np.ndarray
    framed: bool

    @property
    def box(self) -> Box:
        left, top = self.corners.min(axis=0)
        right, bottom = self.corners.max(axis=0)
        return Box(left, top, right - left, bottom - top)


def cut_page(rng: np.random.Generator, width: int, height: int, em: float) -> list[Panel]:
    """Tiers of panels, from the top to the bottom; one page in eight is a single picture."""
    margin = em * rng.uniform(0.5, 2) if rng.random() < 0.75 else -em
    if rng.random() < 0.12:
        return [_panel([margin] * 2, [width - margin] * 2, [margin] * 2, [height - margin] * 2,
                       rng.random() < 0.5)]
    gap = em * rng.uniform(0.3, 1.1)
    framed = rng.random() < 0.95
    edges = _cuts(rng, margin, height - margin, em * rng.uniform(11, 17))
    # Heights of each edge between tiers at the page's left and right.
    tilts = np.where(rng.random(len(edges)) < 0.15, rng.normal(0, 1.5 * em, len(edges)), 0)
    tilts[[0, -1]] = 0
    panels = []
    for i in range(len(edges) - 1):
        ends = _cuts(rng, margin, width - margin, em * rng.uniform(9, 22))
        leans = np.where(rng.random(len(ends)) < 0.3, rng.normal(0, em, len(ends)), 0)
        leans[[0, -1]] = 0
        for j in range(len(ends) - 1):
            half = gap / 2
            panels.append(_panel(
                [ends[j] + leans[j] + half * (j > 0), ends[j] - leans[j] + half * (j > 0)],
                [ends[j + 1] + leans[j + 1] - half, ends[j + 1] - leans[j + 1] - half],
                [edges[i] + half + tilts[i] * (ends[j + k] / width - 0.5) for k in (0, 1)],
                [edges[i + 1] - half + tilts[i + 1] * (ends[j + k] / width - 0.5) for k in (0, 1)],
                framed and rng.random() < 0.95,
            ))  # fmt: skip
    return panels


def _panel(left: list, right: list, top: list, bottom: list, framed: bool) -> Panel:
    """left, right: x above and below; top, bottom: y on the left and on the right."""
    corners = [(left[0], top[0]), (right[0], top[1]), (right[1], bottom[1]), (left[1], bottom[0])]
    return Panel(np.array(corners, float), framed)


def _cuts(rng: np.random.Generator, first: float, last: float, step: float) -> np.ndarray:
    """Where a length is cut into uneven parts of about `step`, its ends included."""
    count = max(1, round((last - first) / step))
    shares = rng.uniform(0.6, 1.5, count)
    return first + (last - first) * np.concatenate([[0], np.cumsum(shares) / shares.sum()])
