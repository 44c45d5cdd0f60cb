"""How a flat sheet comes to lie in the frame of a scanner, a camera or a screen.

A `Warp` holds, for a coarse lattice of the frame's pixels, where on the sheet they look. It
serves whole sheets at once (images and ink layers go through the same map) and single points.
"""

from dataclasses import dataclass

import cv2
import numpy as np

STEP = 8  # pixels of the frame between lattice points; a power of two keeps interpolation exact
STRIP = 512  # rows warped at a time, to keep the maps of a big page out of memory


@dataclass(frozen=True)
class Pose:
    """How the sheet lies in the frame.

    zoom: 1 fills the frame, more crops the sheet, less shows what lies around it.
    angle: degrees, anticlockwise.
    shift: of the centre, as shares of the frame's width and height.
    lean: displacement of each corner (4, 2), as shares of the frame's shorter side: perspective.
    """

    zoom: float = 1.0
    angle: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    lean: np.ndarray | None = None

    def homography(self, sheet: tuple[int, int], frame: tuple[int, int]) -> np.ndarray:
        """The 3x3 matrix that takes pixels of the sheet to pixels of the frame.

        sheet, frame: (height, width).
        """
        (sheet_h, sheet_w), (frame_h, frame_w) = sheet, frame
        half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (frame_w / 2, frame_h / 2)
        turn = np.deg2rad(self.angle)
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        corners = self.zoom * half @ rotation.T
        corners += (frame_w * (0.5 + self.shift[0]), frame_h * (0.5 + self.shift[1]))
        if self.lean is not None:
            corners += self.lean * min(frame_h, frame_w)
        # Pixel centres are at whole numbers, so the sheet's edge lies half a pixel outside them.
        outline = np.array([[0, 0], [sheet_w, 0], [sheet_w, sheet_h], [0, sheet_h]]) - 0.5
        return cv2.getPerspectiveTransform(
            outline.astype(np.float32), (corners - 0.5).astype(np.float32)
        )


@dataclass(frozen=True)
class Bend:
    """How far the paper is from flat: smooth displacements in pixels of the frame.

    wave: (amplitude, periods over the width, phase) of up and down.
    spine: (side, depth): a book's gutter at 'left' or 'right' pulls lines by `depth` pixels.
    buckle: float32 (rows, columns, 2) random displacements spread over the frame, or None.
    """

    wave: tuple[float, float, float] = (0.0, 1.0, 0.0)
    spine: tuple[str, float] | None = None
    buckle: np.ndarray | None = None

    def displacement(self, x: np.ndarray, y: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
        """(..., 2) float64 displacement at points of the frame, given as two equal arrays."""
        height, width = frame
        amplitude, periods, phase = self.wave
        moved = np.zeros((*x.shape, 2))
        moved[..., 1] += amplitude * np.sin(2 * np.pi * periods * x / width + phase)
        if self.spine:
            fall = self._nearness_to_spine(x, 0.12 * width, width)
            towards = -1 if self.spine[0] == "left" else 1
            moved[..., 0] += towards * 0.6 * self.spine[1] * fall
            moved[..., 1] += self.spine[1] * fall * (y / height - 0.3)
        if self.buckle is not None:
            rows, columns = self.buckle.shape[:2]
            at = np.stack([x / width * (columns - 1), y / height * (rows - 1)], -1)
            at = at.reshape(-1, x.shape[-1], 2).astype(np.float32)
            smooth = cv2.remap(self.buckle, at, None, cv2.INTER_CUBIC, None, cv2.BORDER_REPLICATE)
            moved += smooth.reshape(moved.shape)
        return moved

    def shade(self, x: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
        """Share of the light that reaches columns x of the frame, less towards a gutter."""
        if not self.spine:
            return np.ones_like(x)
        depth = min(0.8, 12 * self.spine[1] / max(frame))
        return 1 - depth * self._nearness_to_spine(x, 0.05 * frame[1], frame[1])

    def _nearness_to_spine(self, x: np.ndarray, reach: float, width: int) -> np.ndarray:
        """1 at the gutter's edge of the frame, falling by a factor e in `reach` pixels."""
        away = x if self.spine[0] == "left" else width - 1 - x
        return np.exp(-np.clip(away, 0, None) / reach)


class Warp:
    """The way from a sheet to a frame."""

    def __init__(
        self,
        sheet: tuple[int, int],
        frame: tuple[int, int],
        pose: Pose | None = None,
        bend: Bend | None = None,
    ):
        """sheet, frame: (height, width). No pose and no bend with equal sizes copy pixels."""
        self.sheet, self.frame = sheet, frame
        self._bend = bend or Bend()
        self._forward = (pose or Pose()).homography(sheet, frame)
        self._copies = pose is None and bend is None and sheet == frame
        height, width = frame
        x, y = np.meshgrid(
            np.arange(0, width + 2 * STEP, STEP), np.arange(0, height + 2 * STEP, STEP)
        )
        points = np.stack([x, y], -1) + self._bend.displacement(x, y, frame)
        backward = np.linalg.inv(self._forward)
        ahead = np.concatenate([points, np.ones((*x.shape, 1))], -1) @ backward.T
        # (rows, columns, 2): x and y on the sheet for each lattice point of the frame.
        self._lattice = (ahead[..., :2] / ahead[..., 2:]).astype(np.float32)
        # Sheets drawn larger than they are shown are first averaged down, not sampled sparsely.
        self._reduction = max(1.0, float(np.sqrt(abs(np.linalg.det(backward[:2, :2])))))

    @property
    def magnification(self) -> float:
        """Pixels of the frame per pixel of the sheet, near the middle."""
        return float(np.sqrt(abs(np.linalg.det(self._forward[:2, :2]))))

    def points(self, xy: np.ndarray, rounds: int = 1) -> np.ndarray:
        """Points of the sheet (n, 2) in the frame, (n, 2).

        rounds: 1 is near enough to draw holes and folds, 4 to a tenth of a pixel.
        """
        xy = np.asarray(xy, np.float64).reshape(1, -1, 2)
        flat = there = cv2.perspectiveTransform(xy, self._forward)[0]
        for _ in range(rounds):  # the bend is known where a point comes to lie
            there = flat - self._bend.displacement(there[:, 0], there[:, 1], self.frame)
        return there

    def shows_surroundings(self) -> bool:
        """Whether any pixel of the frame looks past the sheet's edge."""
        if self._copies:
            return False
        height, width = self.sheet
        x, y = self._lattice[..., 0], self._lattice[..., 1]
        return bool(x.min() < 0 or y.min() < 0 or x.max() > width - 1 or y.max() > height - 1)

    def inside(self, step: int) -> np.ndarray:
        """float32 0 or 1 at every `step`-th pixel of the frame: whether the sheet is there."""
        scale = step / STEP
        rows, columns = (side // step + 2 for side in self.frame)
        at = cv2.warpAffine(
            self._lattice,
            np.array([[scale, 0, 0], [0, scale, 0]]),
            (columns, rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        height, width = self.sheet
        x, y = at[..., 0], at[..., 1]
        return ((x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)).astype(np.float32)

    def images(self, sources: list[np.ndarray], borders: list[int]) -> list[np.ndarray]:
        """Warps uint8 images of the sheet's size, (H, W) or (H, W, 3), to the frame.

        borders: for each source, the value beyond the sheet's edge.
        """
        if self._copies:
            return [source.copy() for source in sources]
        shrunk, scale = self._shrink(sources)
        height, width = self.frame
        warped = [np.empty((height, width, *source.shape[2:]), np.uint8) for source in sources]
        spans = [
            _rows_that_differ(source, value) for source, value in zip(shrunk, borders, strict=True)
        ]
        for top in range(0, height, STRIP):
            rows = min(STRIP, height - top)
            at = cv2.warpAffine(
                self._lattice,
                np.array([[1 / STEP, 0, 0], [0, 1 / STEP, top / STEP]]),
                (width, rows),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            )
            if scale is not None:
                at = (at + 0.5) * scale - 0.5
            low, high = float(at[..., 1].min()) - 1, float(at[..., 1].max()) + 1
            # Fixed point is twice as fast, and holds coordinates up to 32767.
            at = cv2.convertMaps(at, None, cv2.CV_16SC2)
            for source, out, value, (first, last) in zip(
                shrunk, warped, borders, spans, strict=True
            ):
                if last < low or first > high:
                    out[top : top + rows] = value
                    continue
                out[top : top + rows] = cv2.remap(
                    source, *at, cv2.INTER_LINEAR, None, cv2.BORDER_CONSTANT, (value,) * 3
                )
        return warped

    def _shrink(self, sources: list[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray | None]:
        """Sources averaged down to about the frame's resolution, and their scale in x and y."""
        if self._reduction < 1.2:
            return sources, None
        height, width = self.sheet
        size = (max(1, round(width / self._reduction)), max(1, round(height / self._reduction)))
        shrunk = [cv2.resize(source, size, interpolation=cv2.INTER_AREA) for source in sources]
        return shrunk, np.array([size[0] / width, size[1] / height], np.float32)


def _rows_that_differ(image: np.ndarray, value: int) -> tuple[float, float]:
    """First and last row of an image that holds anything but `value`; layers are mostly empty."""
    rows = np.flatnonzero((image != value).any(axis=tuple(range(1, image.ndim))))
    return (float(rows[0]), float(rows[-1])) if len(rows) else (np.inf, -np.inf)
