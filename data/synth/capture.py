"""A written page under a scanner, before a camera or on a screen, with and without its writing.

A `Capture` settles everything that a page has once (geometry, light, camera) and then works out
pixels tile by tile when they are asked for. Grain, noise and light depend on the position
alone, so a crop is a cut-out of the page to the last bit, and the two pictures of a pair differ
nowhere but at the ink.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from data.characters import Characters, within
from data.synth import fields, settings, texture
from data.synth.geometry import Warp
from data.synth.lettering import unknown
from data.synth.paper import FLAT, show_through
from data.synth.setting import Setting
from data.synth.sheet import InkLayer, Sheet

TILE = 256  # side of the squares that are worked out at a time, on a fixed grid
_OPAQUE = ("paint", "tape")
_GRAINY = ("pencil", "crayon")  # media that sit on the paper's tooth alone
_LUMINANCE = (np.float32(0.299), np.float32(0.587), np.float32(0.114))
_VISIBLE = 20  # grey levels in any channel: what differs less does not count as ink


@dataclass
class Pair:
    """A picture of a page, and the same without what is to be erased.

    image, gt: uint8 (H, W, 3) RGB.
    ink: uint8 (H, W), the renderer's own alpha times strength; 255 = fully ink.
    words: those in the picture, character by character; None where nobody asked for them.
    """

    image: np.ndarray
    gt: np.ndarray
    ink: np.ndarray
    words: list[Characters] | None = None

    def cut(self, top: int, left: int, height: int, width: int) -> "Pair":
        """A window of the pair, copied."""
        window = np.s_[top : top + height, left : left + width]
        words = self.words
        if words is not None:
            words = within([word.shifted(-left, -top) for word in words], width, height)
        pictures = (picture[window].copy() for picture in (self.image, self.gt, self.ink))
        return Pair(*pictures, words)


@dataclass
class _Mark:
    """What one ink layer leaves in a window.

    colour: its reflectance as the sensor's planes see it.
    cover: float32 (H, W), alpha times strength.
    """

    layer: InkLayer
    colour: np.ndarray
    cover: np.ndarray

    def over(self, plane: np.ndarray, number: int) -> np.ndarray:
        """A plane of reflectance, 255 = white, with the ink on it; `number` says which plane."""
        share = self.colour[number]
        if self.layer.medium in _OPAQUE:
            return plane + self.cover * (255 * share - plane)
        return plane * (1 - self.cover * (1 - share))


@dataclass
class _Scene:
    """One plane of what lies around and upon the print in a window; None where there is nothing.

    paper: reflectance of the bare paper.
    beyond, behind: coverage and reflectance (255 = white) of what shows past the paper.
    metal, shine: the same of staples and wires.
    light: on all of it; None when `paper` holds it already.
    softness: where the lens is out of focus.
    grid: gain of a screen's pixels.
    """

    paper: np.ndarray
    beyond: np.ndarray | None = None
    behind: np.ndarray | None = None
    metal: np.ndarray | None = None
    shine: np.ndarray | None = None
    light: np.ndarray | None = None
    softness: np.ndarray | None = None
    grid: np.ndarray | None = None

    def shown(self, plane: np.ndarray) -> np.ndarray:
        """The reflectance of print and ink as it leaves the scene."""
        plane = plane * self.paper
        if self.beyond is not None:
            plane += self.beyond * (self.behind - plane)
        if self.metal is not None:
            plane += self.metal * (self.shine - plane)
        if self.light is not None:
            plane *= self.light
        return plane


class Capture:
    """One page, captured once."""

    def __init__(
        self,
        sheet: Sheet,
        layers: list[InkLayer],
        rng: np.random.Generator,
        kind: str | None = None,
        size: tuple[int, int] | None = None,
        whole: bool = True,
    ):
        """
        kind: 'scan', 'photo', 'screen', a name in `settings.SETTINGS`, or None for any.
        size: (height, width) of the picture; None: the sheet's.
        whole: the sheet's edges are those of the paper; False: they are cuts through a larger
            one, which nothing may show.
        """
        self.height, self.width = frame = size or sheet.ink.shape[:2]
        self.name = settings.choose(rng, kind)
        print_height = sheet.print_height * self.width / sheet.ink.shape[1]
        setting = settings.draw_setting(rng, self.name, frame, print_height)
        if not whole:
            setting = replace(setting, wear=replace(setting.wear, binding=""))
        self._setting = setting
        warp = _place(sheet, frame, setting, whole)
        self._words = None if sheet.words is None else _seen_words(sheet.words, warp)
        paper = setting.wear.paper(rng, warp, sheet.print_height)

        self._layers = layers
        sources = [layer.alpha for layer in layers]
        if setting.ghost:
            sources.append(show_through(rng, sheet.ink, sheet.print_height))
        prints = [sheet.ink]
        if sheet.lettered is not None:
            sources.append(sheet.letters)
            prints.append(sheet.lettered)
        if setting.grey:
            prints = [cv2.cvtColor(ink, cv2.COLOR_RGB2GRAY) for ink in prints]
        borders = [0] * len(sources) + [255] * len(prints)
        warped = warp.images(sources + prints, borders)
        self._lettered = self._letters = None
        if sheet.lettered is not None:
            self._lettered = self._impress(warped.pop())
        self._print = self._impress(warped.pop())  # planes of uint8 (H, W)
        if sheet.lettered is not None:
            self._letters = warped.pop()
        self._ghost = warped.pop() if setting.ghost else None
        self._alphas = warped
        self._colours = [self._seen(np.array(layer.colour, np.float32)) for layer in layers]

        self._relief, self._metal = paper.relief, paper.metal
        self._beyond, shade = self._surroundings(rng, warp, paper.gaps)
        # Coarse (planes, rows, columns): what the paper reflects, and the light on everything.
        light = setting.light.field(rng, frame)
        if setting.bend:
            light *= setting.bend.shade(fields.lattice(frame)[0], frame)
        if self._beyond is None and self._metal is None:
            self._tone, self._light = self._seen(paper.tone * light), None
        else:
            self._tone, self._light = self._seen(paper.tone), self._seen(light * shade)
        self._behind = self._seen(np.array(setting.behind, np.float32))
        self._softness = None
        if setting.lens.defocus:
            tilt = fields.slope(frame, rng.uniform(0, 2 * np.pi)) * 2 + rng.uniform(-0.3, 0.6)
            self._softness = np.clip(tilt, 0, 1).astype(np.float32)

        # The page before JPEG, filled in tile by tile.
        self._image = np.empty((*frame, 3), np.uint8)
        self._gt = np.empty((*frame, 3), np.uint8)
        self._ink = np.empty(frame, np.uint8)
        self._done = np.zeros([-(-side // TILE) for side in frame], bool)

    def crop(self, top: int, left: int, height: int, width: int, jpeg: bool = True) -> Pair:
        """A window of the page; jpeg: as the camera stored it, not as the sensor saw it.

        Raises ValueError when the window is not within the page.
        """
        if min(top, left) < 0 or top + height > self.height or left + width > self.width:
            raise ValueError(
                f"no window of {height}x{width} at ({top}, {left}) "
                f"in a page of {self.height}x{self.width}"
            )
        take = self._stored if jpeg and self._setting.jpeg else self._raw
        pair = take(top, left, height, width)
        if pair.words is not None:
            pair.words = [as_visible(word, pair) for word in pair.words]
        return pair

    def _stored(self, top: int, left: int, height: int, width: int) -> Pair:
        coder = self._setting.jpeg
        # The page's own blocks, and one more on each side: decoding smooths colour across them.
        block = coder.block
        y, x = (max(0, first // block - 1) * block for first in (top, left))
        bottom = min(self.height, (-(-(top + height) // block) + 1) * block)
        right = min(self.width, (-(-(left + width) // block) + 1) * block)
        whole = self._raw(y, x, bottom - y, right - x)
        stored = coder.pass_through(whole.image), coder.pass_through(whole.gt)
        whole = Pair(*stored, whole.ink, whole.words)
        return whole.cut(top - y, left - x, height, width)

    @property
    def reach(self) -> int:
        """Pixels over which the lens spreads ink: beyond it from the ink, a pair is equal."""
        slip = math.ceil(max(map(abs, self._setting.slip))) if self._letters is not None else 0
        return self._setting.lens.reach + slip

    @property
    def shows_surroundings(self) -> bool:
        """Whether anything but the sheet may be in the picture: a desk, a lid, holes."""
        return self._beyond is not None

    def page(self, jpeg: bool = True) -> Pair:
        """The whole page."""
        return self.crop(0, 0, self.height, self.width, jpeg)

    def busy(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Where there is writing to erase and where print: uint8 (H // step, W // step) each."""
        size = (max(1, self.width // step), max(1, self.height // step))
        written = np.zeros(size[::-1], np.uint8)
        pairs = zip(self._layers, self._alphas, strict=True)
        alphas = [alpha for layer, alpha in pairs if not layer.keep]
        for alpha in alphas if self._letters is None else [*alphas, self._letters]:
            small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
            written = np.maximum(written, small)
        return written, 255 - cv2.resize(self._print[0], size, interpolation=cv2.INTER_AREA)

    def _raw(self, top: int, left: int, height: int, width: int) -> Pair:
        for row in range(top // TILE, -(-(top + height) // TILE)):
            for column in range(left // TILE, -(-(left + width) // TILE)):
                if not self._done[row, column]:
                    self._develop(row * TILE, column * TILE)
                    self._done[row, column] = True
        return Pair(self._image, self._gt, self._ink, self._words).cut(top, left, height, width)

    def _seen(self, colour: np.ndarray) -> np.ndarray:
        """Three planes as the sensor tells them apart: three, or one for a grey sensor."""
        if not self._setting.grey:
            return colour
        return sum(share * plane for share, plane in zip(_LUMINANCE, colour, strict=True))[None]

    def _impress(self, ink: np.ndarray) -> list[np.ndarray]:
        """The planes of the print, with one plate out of place."""
        planes = list(cv2.split(ink))
        if any(self._setting.slip) and len(planes) > 1:
            across, down = self._setting.slip
            planes[0] = cv2.warpAffine(
                planes[0],
                np.array([[1, 0, across], [0, 1, down]]),
                (self.width, self.height),
                borderMode=cv2.BORDER_REPLICATE,
            )
        return planes

    def _surroundings(
        self, rng: np.random.Generator, warp: Warp, gaps: np.ndarray | None
    ) -> tuple[np.ndarray | None, np.ndarray]:
        """uint8 (H, W) coverage of what is not paper, and the coarse shade the paper casts."""
        beyond, shade = gaps, np.ones((1, 1), np.float32)
        if warp.shows_surroundings():
            sheet = np.full(warp.sheet, 255, np.uint8)
            outside = 255 - warp.images([sheet], [0])[0]
            beyond = outside if gaps is None else np.maximum(outside, gaps)
            inside = warp.inside(fields.CELL)
            near = fields.soften(inside, max(warp.frame) * rng.uniform(0.004, 0.02))
            shade = 1 - rng.uniform(0.2, 0.7) * near * (1 - inside)
        return beyond, shade.astype(np.float32)

    def _develop(self, top: int, left: int) -> None:
        """Works out one tile of the page, with the halo that its sharpness needs around it."""
        halo = self.reach
        bottom, right = min(self.height, top + TILE), min(self.width, left + TILE)
        y, x = max(0, top - halo), max(0, left - halo)
        window = (y, x, min(self.height, bottom + halo) - y, min(self.width, right + halo) - x)
        inner = np.s_[top - y : bottom - y, left - x : right - x]
        tile = np.s_[top:bottom, left:right]

        marks = self._marks(window)
        gts, images = [], []
        for number, scene in enumerate(self._scenes(window)):
            clean, written = self._reflect(window, number, marks)
            gts.append(self._expose(clean, scene, window, number)[inner])
            images.append(
                gts[-1] if written is clean else self._expose(written, scene, window, number)[inner]
            )
        copies = 3 // len(gts)  # a grey sensor's only plane serves for all three
        self._gt[tile] = cv2.merge(gts * copies)
        self._image[tile] = cv2.merge(images * copies)
        letters = None if self._letters is None else self._letters[_slices(window)]
        self._ink[tile] = _strength(marks, window, letters)[inner]

    def _marks(self, window: tuple[int, int, int, int]) -> list[_Mark]:
        """The layers that leave anything in a window, lowest first."""
        cut = _slices(window)
        marks = []
        for layer, colour, alpha in zip(self._layers, self._colours, self._alphas, strict=True):
            part = alpha[cut]
            if not part.any():
                continue
            cover = part * np.float32(layer.strength / 255)
            if layer.medium in _GRAINY:
                tooth = texture.patch("tooth", self._setting.grain_origin, *window)
                cover *= np.clip(0.88 + 0.13 * tooth, 0.3, 1)
            if self._beyond is not None:
                cover *= 1 - self._beyond[cut] * np.float32(1 / 255)
            marks.append(_Mark(layer, colour, cover))
        return marks

    def _reflect(
        self,
        window: tuple[int, int, int, int],
        number: int,
        marks: list[_Mark],
    ) -> tuple[np.ndarray, np.ndarray]:
        """One plane of print, and of print with writing; the same object where there is none."""
        clean = written = self._printed(self._print[number], window)
        if self._letters is not None and self._letters[_slices(window)].any():
            written = self._printed(self._lettered[number], window)
        for mark in marks:
            if not mark.layer.keep:
                written = mark.over(written, number)
                continue
            untouched = written is clean
            clean = mark.over(clean, number)
            written = clean if untouched else mark.over(written, number)
        return clean, written

    def _printed(self, ink: np.ndarray, window: tuple[int, int, int, int]) -> np.ndarray:
        """A plane of print as it comes out of the press."""
        setting = self._setting
        levels = np.linspace(255 * setting.black, 255, 256, dtype=np.float32)
        plane = cv2.LUT(np.ascontiguousarray(ink[_slices(window)]), levels)
        if setting.toner:
            grain = texture.patch("toner", setting.grain_origin, *window)
            density = np.clip(1 - setting.toner * (1 + grain), 0.4, 1)
            plane = 255 - (255 - plane) * density
        return plane

    def _scenes(self, window: tuple[int, int, int, int]) -> list[_Scene]:
        """The scene of a window for each of the sensor's planes."""
        setting, cut = self._setting, _slices(window)
        share = np.float32(1 / 255)
        texture_of_paper = self._texture(window)
        scenes = [_Scene(fields.enlarge(tone, *window) * texture_of_paper) for tone in self._tone]
        grids = None
        if setting.pixel_grid:
            grids = self._seen(setting.pixel_grid.gain(*window, max(self.height, self.width)))
        beyond = self._beyond[cut] if self._beyond is not None else None
        metal = self._metal[cut] if self._metal is not None else None
        weave = texture.patch("wood", setting.grain_origin, *window)
        for number, scene in enumerate(scenes):
            if beyond is not None and beyond.any():
                scene.beyond = beyond * share
                scene.behind = (1 + setting.weave * weave) * (255 * self._behind[number])
            if metal is not None and metal.any():
                scene.metal, scene.shine = metal[..., 3] * share, metal[..., number]
            if self._light is not None:
                scene.light = fields.enlarge(self._light[number], *window)
            if self._softness is not None:
                scene.softness = fields.enlarge(self._softness, *window)
            if grids is not None:
                scene.grid = grids[number]
        return scenes

    def _texture(self, window: tuple[int, int, int, int]) -> np.ndarray:
        """What all colours of the paper have in common: grain, creases, the back's print."""
        setting, cut = self._setting, _slices(window)
        factor = np.ones(window[2:], np.float32)
        if setting.grain:
            factor += setting.grain * texture.patch("paper", setting.grain_origin, *window)
        if self._relief is not None:
            bright = 2 ** ((np.arange(256, dtype=np.float32) - FLAT) / FLAT)
            factor *= cv2.LUT(np.ascontiguousarray(self._relief[cut]), bright)
        if self._ghost is not None:
            factor *= 1 - self._ghost[cut] * np.float32(setting.ghost / 255)
        return factor

    def _expose(
        self, plane: np.ndarray, scene: _Scene, window: tuple[int, int, int, int], number: int
    ) -> np.ndarray:
        """uint8 plane of the picture from the reflectance of print and ink."""
        plane = self._setting.lens.project(scene.shown(plane), scene.softness)
        if scene.grid is not None:
            plane *= scene.grid
        return self._setting.sensor.record(plane, *window[:2], number)


def _place(sheet: Sheet, frame: tuple[int, int], setting: Setting, whole: bool) -> Warp:
    """The way from the sheet to the frame; closer where it would show the edges of a part."""
    pose = setting.pose
    warp = Warp(sheet.ink.shape[:2], frame, pose, setting.bend)
    while not whole and pose and pose.zoom < 2 and warp.shows_surroundings():
        pose = replace(pose, zoom=1.03 * pose.zoom)
        warp = Warp(sheet.ink.shape[:2], frame, pose, setting.bend)
    return warp


def as_visible(word: Characters, pair: Pair) -> Characters:
    """The word, or a place of unknown text where it is written too faintly to count as ink."""
    corners = word.quads.reshape(-1, 2)
    last = np.array(pair.ink.shape[::-1]) - 1
    left, top = np.floor(corners.min(axis=0)).astype(int).clip(0, last)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int).clip((left + 1, top + 1))
    window = np.s_[top:bottom, left:right]
    if not word.hand or (cv2.absdiff(pair.image[window], pair.gt[window]) > _VISIBLE).any():
        return word
    return unknown(left, top, right, bottom)


def _seen_words(words: list[Characters], warp: Warp) -> list[Characters]:
    """Words of the sheet in the frame; the warp's pixels have their middles at whole numbers."""
    if not words:
        return []
    corners = np.concatenate([word.quads.reshape(-1, 2) for word in words])
    moved = (warp.points(corners - 0.5, rounds=4) + 0.5).reshape(-1, 4, 2)
    ends = np.cumsum([len(word.quads) for word in words])
    parts = np.split(moved, ends[:-1])
    return [word._replace(quads=part) for word, part in zip(words, parts, strict=True)]


def _strength(
    marks: list[_Mark], window: tuple[int, int, int, int], letters: np.ndarray | None
) -> np.ndarray:
    """uint8 (H, W): how much of each pixel is ink to erase; letters: coverage of printed ones."""
    total = np.zeros(window[2:], np.float32)
    if letters is not None:
        total += letters * np.float32(1 / 255)
    for mark in marks:
        if not mark.layer.keep:
            total = np.maximum(total, mark.cover)
        elif mark.layer.medium in _OPAQUE:
            total *= 1 - mark.cover
    return np.round(total * 255).astype(np.uint8)


def _slices(window: tuple[int, int, int, int]) -> tuple[slice, slice]:
    top, left, height, width = window
    return np.s_[top : top + height, left : left + width]
