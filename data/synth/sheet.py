"""What the steps of the generator hand to each other: a printed sheet, and layers of ink on it.

All positions are pixels of the sheet, x to the right and y down, measured from its top left
corner. They are floats and may lie partly outside the sheet: a small page shows a part of a
larger one.
"""

from dataclasses import dataclass, field

import numpy as np

from data.characters import Characters


@dataclass(frozen=True)
class Box:
    """An upright rectangle in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def overlaps(self, other: "Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass
class Slot:
    """A place where somebody writes.

    kind: what belongs here:
        'blank'   text on a line or between brackets
        'choice'  one letter
        'judge'   a tick or a cross
        'number'  a digit or a number in a box, in a table cell or after an equals sign
        'line'    a ruled line to fill with a sentence
        'grid'    one character in one cell of a writing or essay grid
        'work'    free working over several lines
        'column'  a sum set out in columns
        'match'   spans two columns of dots to join; `text` is a permutation, '2031' joins the
                  first dot on the left with the third on the right
        'option'  a printed option letter that may be circled or ticked
        'name'    the writer's name, class or number
        'score'   marks given by a teacher
        'margin'  notes beside a book's text
        'figure'  a drawing that may be marked up
    text: the right answer where there is one; '' lets the writer make something up. For
        'judge' it is 'T' (tick) or 'F' (cross), for 'option' the letter if this is the right
        one, for 'column' and 'work' the sum to work out, such as '36×24=864'.
    script: 'zh', 'latin' or 'math': what is written here.
    height: usual height of the writing in pixels; 0 means as the box allows.
    """

    kind: str
    box: Box
    text: str = ""
    script: str = "zh"
    height: float = 0


@dataclass
class TextLine:
    """A printed run of text, for underlines, circles, strike-outs and corrections."""

    box: Box
    text: str


@dataclass
class Sheet:
    """A clean printed page, flat, before any light falls on it.

    ink: uint8 (H, W, 3) RGB, reflectance of the print on perfect paper; 255 is bare paper. It
        multiplies with the paper's colour and the light.
    figures: pictures, cartoons and diagrams.
    print_height: height in pixels of the body text's characters.
    subject: 'math', 'zh', 'en', 'science', 'music', 'geography', ...
    words: printed and written ones so far, character by character; None: nobody asks for them.
    lettered: the print with the letters that are to be erased, as `ink`; None: there are none.
    letters: uint8 (H, W), how much of each pixel they cover.
    """

    ink: np.ndarray
    slots: list[Slot] = field(default_factory=list)
    lines: list[TextLine] = field(default_factory=list)
    figures: list[Box] = field(default_factory=list)
    print_height: float = 28.0
    subject: str = "zh"
    words: list[Characters] | None = None
    lettered: np.ndarray | None = None
    letters: np.ndarray | None = None


@dataclass
class InkLayer:
    """One pen's ink over a whole page.

    alpha: uint8 (H, W), how much of each pixel is covered, at the page's resolution.
    colour: reflectance RGB in [0, 1].
    strength: peak absorption in (0, 1]; a faint pencil goes down to 5 grey levels on white.
    medium: 'gel', 'ballpoint', 'pencil', 'fountain', 'highlighter', 'crayon', 'dirt' and
        'stain' multiply with what lies below; 'paint' and 'tape' are opaque and cover it.
    keep: True for what belongs to the page and must survive, such as a stamp: it is then in the
        ground truth as well.
    """

    alpha: np.ndarray
    colour: tuple[float, float, float]
    strength: float
    medium: str
    keep: bool = False
