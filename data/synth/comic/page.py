"""Comic pages: artwork in panels first, then the letters over it."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from data.synth.comic import bubbles, letters, scenery
from data.synth.comic.cast import people
from data.synth.comic.letters import Ink, Letters, wrapped
from data.synth.comic.look import Look
from data.synth.comic.panels import Panel, cut_page
from data.synth.comic.speech import Voice, draw_voice, heard, ruby_for, said
from data.synth.content.canvas import WHITE, Canvas, Colour, overlap
from data.synth.fonts import Faces
from data.synth.sheet import Box, Sheet
from data.synth.words import number, pick

_CHARACTER_HEIGHT = 0.92  # of an em
_NARROWEST = 24.0  # em; narrower sheets show a part of a larger page
_TINTS = ("none", "grey", "grey", "grey", "colour", "colour")


@dataclass
class _Piece:
    """Letters to lay on: coverage, its corner, its ink; sounds go behind the bubbles."""

    mask: np.ndarray
    left: int
    top: int
    ink: Ink
    behind: bool = False

    @property
    def box(self) -> Box:
        height, width = self.mask.shape
        return Box(self.left, self.top, width, height)


@dataclass
class _Page:
    """A page in the making.

    window: the part that the sheet shows; em: of its speech, in pixels; bubbles: uint8 (H, W),
    where speech stands on what is drawn.
    """

    rng: np.random.Generator
    canvas: Canvas
    look: Look
    voice: Voice
    em: float
    window: Box
    bubbles: np.ndarray
    taken: list[Box] = field(default_factory=list)
    pieces: list[_Piece] = field(default_factory=list)


def make_comic(rng: np.random.Generator, width: int, height: int, print_height: float,
               faces: Faces) -> Sheet:
    """Draw a page of width x height pixels whose speech is `print_height` pixels high.

    The sheet's `ink` is the page without letters, `lettered` with them, `letters` where they are.
    """
    em = print_height / _CHARACTER_HEIGHT
    wide, tall = width, height
    if width < _NARROWEST * em or height < _NARROWEST * em:
        wide = max(width, round(em * rng.uniform(26, 44)))
        tall = max(height, round(wide * rng.uniform(1.0, 1.5)))
    left, top = int(rng.integers(wide - width + 1)), int(rng.integers(tall - height + 1))
    canvas = Canvas(wide, tall, faces)
    tint = pick(rng, _TINTS)
    ink = (0, 0, 0) if rng.random() < 0.7 else tuple(rng.integers(0, 50, 3).tolist())
    look = Look(rng, ink, em * rng.uniform(0.03, 0.1), max(2.5, em * rng.uniform(0.12, 0.35)), tint)
    page = _Page(rng, canvas, look, draw_voice(rng, faces), em, Box(left, top, width, height),
                 np.zeros((tall, wide), np.uint8))
    if rng.random() < 0.1:
        canvas.pixels[:] = 0
    for panel in cut_page(rng, wide, tall, em):
        if panel.box.overlaps(page.window):
            mouths = _draw_panel(page, panel)
            _speak(page, panel, mouths)
    if rng.random() < 0.5:
        _number_page(page)
    lettered = Letters(canvas)
    for piece in page.pieces:
        mask = _hidden(piece, page.bubbles) if piece.behind else piece.mask
        lettered.put(mask, piece.left, piece.top, piece.ink)
    seen = np.s_[top : top + height, left : left + width]
    return Sheet(
        ink=np.ascontiguousarray(canvas.pixels[seen]),
        lettered=np.ascontiguousarray(lettered.pixels[seen]),
        letters=np.ascontiguousarray(lettered.alpha[seen]),
        print_height=print_height,
        subject="comic",
    )


def _draw_panel(page: _Page, panel: Panel) -> list[np.ndarray]:
    """Draw what a panel shows; returns where mouths are on the page."""
    rng, look, box = page.rng, page.look, panel.box
    inner = Canvas(max(8, round(box.width)), max(8, round(box.height)), page.canvas.faces)
    pick(rng, scenery.BACKGROUNDS)(inner, look)
    mouths = people(inner, look)
    x, y = round(box.left), round(box.top)
    _paste(page.canvas.pixels, inner.pixels, panel.corners, x, y)
    if panel.framed:
        page.canvas.path(panel.corners, look.ink, page.em * rng.uniform(0.05, 0.14), closed=True)
    return [mouth + (x, y) for mouth in mouths]


def _speak(page: _Page, panel: Panel, mouths: list[np.ndarray]) -> None:
    """Put bubbles, captions, free text and sounds into a panel, as far as there is room."""
    rng, box, em = page.rng, panel.box, page.em
    many = box.width * box.height / (75 * em * em)
    for _ in range(min(6, rng.poisson(0.25 + 0.7 * many))):
        _bubble(page, box, mouths)
    if rng.random() < 0.45:
        _sound(page, box)


def _bubble(page: _Page, box: Box, mouths: list[np.ndarray]) -> None:
    rng, look, voice = page.rng, page.look, page.voice
    shape = pick(rng, bubbles.SHAPES)
    em = page.em * {"burst": rng.uniform(1.0, 1.8)}.get(shape, rng.choice((1, 1, 1, 0.75, 1.3)))
    mask = _text(page, said(rng, voice), em)
    high, wide = mask.shape
    width, height = bubbles.room(shape, wide, high, em)
    place = _place(page, box, width, height)
    if place is None:
        return
    left, top = round(place.left + (width - wide) / 2), round(place.top + (height - high) / 2)
    fill, ink = _colours(page, shape, em)
    if shape != "none":
        parts = [bubbles.outline(rng, shape, place)]
        if mouths and shape != "box" and rng.random() < 0.75:
            parts.append(bubbles.tail(rng, place, pick(rng, mouths), page.em))
        strength = rng.uniform(0.5, 0.9) if shape == "box" and rng.random() < 0.4 else 1.0
        hidden = bubbles.draw_bubble(
            page.canvas, look, parts, fill, strength, rng.random() < 0.95
        )
        spot, part = overlap(page.bubbles, *hidden)
        np.maximum(spot, part, out=spot)
    page.taken.append(place)
    page.pieces.append(_Piece(mask, left, top, ink))


def _text(page: _Page, text: str, em: float) -> np.ndarray:
    """The coverage of something said, in lines or columns of a length that suits a bubble."""
    rng, voice = page.rng, page.voice
    kind = voice.type(em)
    if not voice.upright:
        share = 3.2 if voice.language == "en" else 1.6
        longest = max(3, round((len(text) * share * rng.uniform(0.7, 1.4)) ** 0.5))
        return letters.level(page.canvas, wrapped(text, longest), kind, rng.uniform(1.0, 1.3))
    columns = wrapped(text, max(2, round((len(text) * rng.uniform(1.4, 3)) ** 0.5)))
    ruby = ruby_for(rng, columns) if voice.ruby else None
    leading = rng.uniform(1.5, 1.7) if ruby else rng.uniform(1.1, 1.4)
    return letters.upright(page.canvas, columns, kind, leading, ruby)


def _colours(page: _Page, shape: str, em: float) -> tuple[Colour, Ink]:
    """What a bubble is filled with, and the ink of the text in it."""
    rng, look, black = page.rng, page.look, page.look.ink
    if shape == "none":
        colours = [(black, WHITE), (WHITE, black)]
        if look.tint == "colour":
            colours += [(look.fill(), WHITE), (look.fill(), black)]
        colour, rim = pick(rng, colours)
        return WHITE, Ink(colour, rim, max(1, round(em * rng.uniform(0.06, 0.16))))
    luck = rng.random()
    if luck < 0.08:
        return black, Ink(WHITE)
    if luck < 0.2 and look.tint != "none":
        light = 255 - (255 - np.array(look.fill())) // 4
        return tuple(light.tolist()), Ink(black)
    colour = look.fill() if look.tint == "colour" and rng.random() < 0.08 else black
    return WHITE, Ink(black if min(colour) > 110 else colour)


def _sound(page: _Page, box: Box) -> None:
    rng, look, black = page.rng, page.look, page.look.ink
    size = min(page.em * rng.uniform(1.5, 6), 0.45 * min(box.width, box.height))
    if size < 8:
        return
    text = heard(rng, page.voice)
    mask = letters.sound(page.canvas, rng, text, page.voice.loud_type(rng, size))
    place = _place(page, box, mask.shape[1], mask.shape[0], sound=True)
    if place is None:
        return
    colours = [(black, WHITE), (black, WHITE), (WHITE, black), (WHITE, black), (black, None)]
    if look.tint == "colour":
        colours += [(look.fill(), black), (look.fill(), WHITE), (look.fill(), black)]
    colour, rim = pick(rng, colours)
    if rng.random() < 0.15:
        mask = (mask * rng.uniform(0.5, 0.9)).astype(np.uint8)
    ink = Ink(colour, rim, max(1, round(size * rng.uniform(0.03, 0.09))))
    piece = _Piece(mask, round(place.left), round(place.top), ink, behind=True)
    page.taken.append(piece.box)
    page.pieces.append(piece)


def _number_page(page: _Page) -> None:
    rng, canvas = page.rng, page.canvas
    kind = page.voice.type(0.6 * page.em)
    mask = letters.level(canvas, [str(number(rng, 1, 240))], kind, 1.0)
    x = pick(rng, (0.06, 0.5, 0.94)) * canvas.width
    y = canvas.height - 1.2 * page.em
    piece = _Piece(mask, round(x), round(y), Ink(page.look.ink, WHITE, 2))
    if not any(piece.box.overlaps(box) for box in page.taken):
        page.pieces.append(piece)


def _place(
    page: _Page, box: Box, width: float, height: float, sound: bool = False
) -> Box | None:
    """A free place in a panel for something of this size, None where there is none.

    Speech keeps to the panel's upper part and may lie across its outline a little.
    """
    out = 0.3 * page.em
    if width > box.width + out or height > box.height + out:
        return None
    for attempt in range(8):
        x, y = page.rng.random(2)
        if not sound and attempt < 4:
            y *= 0.4
        place = Box(box.left - out / 2 + x * (box.width + out - width),
                    box.top - out / 2 + y * (box.height + out - height), width, height)
        if not any(place.overlaps(other) for other in page.taken):
            return place
    return None


def _hidden(piece: _Piece, bubbles: np.ndarray) -> np.ndarray:
    """A piece's coverage less what bubbles hide of it."""
    mask = piece.mask.copy()
    over, part = overlap(bubbles, mask, piece.left, piece.top)
    part[:] = cv2.multiply(part, 255 - over, scale=1 / 255)
    return mask


def _paste(onto: np.ndarray, picture: np.ndarray, corners: np.ndarray, left: int, top: int) -> None:
    """Lay a picture, its corner at (left, top), on a page within a polygon of the page."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    fixed = np.round((corners - (left, top)) * 16).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, 4)
    spot, part = overlap(onto, picture, left, top)
    share = overlap(onto, mask, left, top)[1][..., None] / np.float32(255)
    spot[:] = spot + share * (part.astype(np.float32) - spot)
