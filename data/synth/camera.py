"""What a lens, a sensor and a JPEG encoder do to the picture of a page.

Planes are float32 (H, W), one colour each, 255 = white, before the sensor; uint8 after it.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from data.synth import texture

_LEAST_BLUR = 0.25  # sigma below which a blur changes nothing that can be seen


def _radius(sigma: float) -> int:
    return int(np.ceil(3 * sigma)) if sigma >= _LEAST_BLUR else 0


def _blur(plane: np.ndarray, sigma: float) -> np.ndarray:
    side = 2 * _radius(sigma) + 1
    return cv2.GaussianBlur(plane, (side, side), sigma) if side > 1 else plane


@dataclass(frozen=True)
class Lens:
    """Sharpness.

    blur: sigma in pixels, everywhere.
    defocus: sigma of the further blur where the paper is out of focus.
    motion: pixels that the hand moved during the exposure.
    motion_angle: radians.
    sharpen: amount of an unsharp mask of sigma 1.2 applied by the camera afterwards.
    """

    blur: float = 0.0
    defocus: float = 0.0
    motion: float = 0.0
    motion_angle: float = 0.0
    sharpen: float = 0.0

    @property
    def reach(self) -> int:
        """Pixels beyond a window that its sharpness depends on: the halo to work out with it."""
        radii = [_radius(self.blur), _radius(self.defocus), len(self._motion_kernel) // 2]
        return sum(radii) + (_radius(1.2) if self.sharpen else 0)

    @cached_property
    def _motion_kernel(self) -> np.ndarray:
        side = 2 * int(np.ceil(self.motion / 2)) + 1
        kernel = np.zeros((side, side), np.float32)
        half = self.motion / 2 * np.array([np.cos(self.motion_angle), np.sin(self.motion_angle)])
        ends = np.round((side // 2 + np.stack([-half, half])) * 16).astype(int).tolist()
        cv2.line(kernel, *ends, 1.0, 1, shift=4)
        return kernel / kernel.sum()

    def project(self, plane: np.ndarray, softness: np.ndarray | None = None) -> np.ndarray:
        """The plane as the sensor sees it.

        softness: float32 (H, W) in [0, 1], where `defocus` applies; None: nowhere.
        """
        plane = _blur(plane, self.blur)
        if self.motion >= 1:
            plane = cv2.filter2D(plane, -1, self._motion_kernel)
        if self.defocus and softness is not None:
            plane = plane + softness * (_blur(plane, self.defocus) - plane)
        if self.sharpen:
            plane = cv2.addWeighted(plane, 1 + self.sharpen, _blur(plane, 1.2), -self.sharpen, 0)
        return plane


@dataclass(frozen=True)
class Sensor:
    """From light to grey levels: level = curve(gain * light + offset + noise).

    noise: standard deviation in grey levels.
    bank: kind of noise, see `texture`.
    origin: the page's place in the bank.
    contrast: steepness of an S-curve about `pivot` (grey levels); 0 = none, 20 = nearly bitonal.
    gamma: below 1 brightens the middle tones.
    """

    gain: float = 1.0
    offset: float = 0.0
    noise: float = 0.0
    bank: str = "soft"
    origin: tuple[int, int] = (0, 0)
    gamma: float = 1.0
    contrast: float = 0.0
    pivot: float = 128.0

    # Tones pass the curve with this many steps to a grey level, so that none are lost.
    _STEPS = 64

    @cached_property
    def _curve(self) -> np.ndarray | None:
        if self.gamma == 1 and self.contrast == 0:
            return None
        level = np.clip(np.arange(65536) / self._STEPS / 255, 0, 1)
        level = level**self.gamma
        if self.contrast:
            bent = 1 / (1 + np.exp(-self.contrast * (level - self.pivot / 255)))
            level = (bent - bent[0]) / (bent[-1] - bent[0])
        return np.round(level * 255).astype(np.uint8)

    def record(self, plane: np.ndarray, top: int, left: int, colour: int) -> np.ndarray:
        """uint8 (H, W) from a float plane whose first pixel is at (top, left) of the page."""
        grain = texture.patch(self.bank, self.origin, top, left, *plane.shape, colour)
        if self._curve is None:
            return cv2.addWeighted(
                plane, self.gain, grain, self.noise, self.offset, dtype=cv2.CV_8U
            )
        fine = cv2.addWeighted(
            plane,
            self.gain * self._STEPS,
            grain,
            self.noise * self._STEPS,
            self.offset * self._STEPS,
            dtype=cv2.CV_16U,
        )
        return np.take(self._curve, fine)


@dataclass(frozen=True)
class PixelGrid:
    """A screen's pixels seen by a camera's: stripes of red, green and blue that beat with the
    sampling, which is what moiré is.

    period: width of a screen's pixel in pixels of the capture; near whole numbers beats are wide.
    angle: radians between the two grids.
    depth: of the stripes, 0 to 1.
    curl: how much the angle changes over the frame, from perspective and lens, in radians.
    """

    period: float
    angle: float
    depth: float
    curl: float = 0.0

    def gain(self, top: int, left: int, height: int, width: int, span: int) -> np.ndarray:
        """float32 (3, height, width) gains of three colours; span: the frame's longer side."""
        y = np.arange(top, top + height, dtype=np.float64)[:, None]
        x = np.arange(left, left + width, dtype=np.float64)
        bend = self.curl / span
        across = np.cos(self.angle) * x + np.sin(self.angle) * y + bend * (y * y + 0.5 * x * y)
        down = np.cos(self.angle) * y - np.sin(self.angle) * x + bend * (x * x)
        columns, rows = (_fraction(way / self.period) for way in (across, down))
        third = np.float32(2 * np.pi / 3)
        rows = 1 + np.float32(0.6 * self.depth) * np.cos(rows)
        return np.stack(
            [rows + np.float32(self.depth) * np.cos(columns + n * third) for n in range(3)]
        )


def _fraction(turns: np.ndarray) -> np.ndarray:
    """Turns as an angle below 2 pi: float32 would not hold the phase of a far pixel otherwise."""
    return (turns - np.floor(turns)).astype(np.float32) * np.float32(2 * np.pi)


@dataclass(frozen=True)
class Jpeg:
    """A camera's JPEG.

    quality: 1 to 100.
    subsampled: colour at half resolution, as most cameras store it.
    enlarged: how many times smaller the picture was when it was stored; then it was enlarged.
    """

    quality: int = 90
    subsampled: bool = True
    enlarged: int = 1

    @property
    def block(self) -> int:
        """Pixels of the largest unit that is coded alone; windows begin and end on it."""
        return 16 * self.enlarged

    def pass_through(self, image: np.ndarray) -> np.ndarray:
        """Encodes and decodes uint8 (H, W, 3) RGB."""
        if self.enlarged == 1:
            return self._stored(image)
        height, width = image.shape[:2]
        times = self.enlarged
        edges = (0, -height % times, 0, -width % times)
        whole = cv2.copyMakeBorder(image, *edges, cv2.BORDER_REPLICATE)
        size = (whole.shape[1] // times, whole.shape[0] // times)
        small = self._stored(cv2.resize(whole, size, interpolation=cv2.INTER_AREA))
        large = cv2.resize(small, whole.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        return large[:height, :width]

    def _stored(self, image: np.ndarray) -> np.ndarray:
        sampling = (
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
            if self.subsampled
            else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
        )
        options = [
            cv2.IMWRITE_JPEG_QUALITY,
            self.quality,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
            sampling,
        ]
        done, coded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
        if not done:
            raise ValueError(f"cannot encode a picture of {image.shape} as JPEG")
        return cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
