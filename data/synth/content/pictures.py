"""Procedural cartoons and line drawings: children, animals, fruit, trees, houses, things.

Each picture is drawn in a unit square (x right, y down) that is mapped to a box on the page, in
plain line, with grey tints, or in colour.
"""

from collections.abc import Callable

import numpy as np

from data.synth.content.canvas import WHITE, Canvas, Colour
from data.synth.content.clipart import somebody, something
from data.synth.content.sketch import Sketch
from data.synth.sheet import Box
from data.synth.words import number, pick


def _face(s: Sketch, x: float, y: float, r: float) -> None:
    """Eyes, mouth and cheeks of a child or an animal in a head of radius r."""
    wide = s.rng.uniform(0.3, 0.45) * r
    if s.rng.random() < 0.6:
        s.dot(x - wide, y - 0.1 * r, 0.11 * r)
        s.dot(x + wide, y - 0.1 * r, 0.11 * r)
    else:
        for side in (-wide, wide):
            s.oval(x + side, y - 0.12 * r, 0.16 * r, 0.2 * r, WHITE)
            s.dot(x + side, y - 0.08 * r, 0.09 * r)
    if s.rng.random() < 0.75:
        s.arc(x, y + 0.2 * r, 0.35 * r, 0.3 * r, 15, 165)
    else:
        s.oval(x, y + 0.42 * r, 0.16 * r, 0.14 * r)


def child(s: Sketch) -> None:
    s.curve([(0.36, 0.52), (0.64, 0.52), (0.74, 0.86), (0.26, 0.86)], True, s.fill())
    s.line((0.42, 0.84), (0.4, 0.98), (0.34, 0.98))
    s.line((0.58, 0.84), (0.6, 0.98), (0.66, 0.98))
    raised = s.rng.random() < 0.5
    s.curve([(0.38, 0.58), (0.24, 0.66), (0.14, 0.5 if raised else 0.76)])
    s.curve([(0.62, 0.58), (0.76, 0.66), (0.88, 0.74)])
    s.oval(0.5, 0.3, 0.24, 0.22, WHITE)
    _face(s, 0.5, 0.32, 0.22)
    if s.rng.random() < 0.5:
        s.curve([(0.27, 0.26), (0.34, 0.04), (0.66, 0.04), (0.73, 0.26), (0.5, 0.14)], True, s.ink)
    else:
        s.curve([(0.27, 0.28), (0.3, 0.1), (0.5, 0.06), (0.7, 0.1), (0.73, 0.28)])
        for side in (-1, 1):
            x = 0.5 + 0.3 * side
            s.curve([(x, 0.24), (x + 0.1 * side, 0.3), (x + 0.06 * side, 0.5), (x, 0.36)], True)


def cat(s: Sketch) -> None:
    fur = s.fill()
    s.curve([(0.3, 0.5), (0.7, 0.5), (0.8, 0.95), (0.2, 0.95)], True, fur)
    s.curve([(0.76, 0.9), (0.96, 0.86), (0.9, 0.6), (0.98, 0.56)], width=1.5)
    s.shape([(0.25, 0.24), (0.24, 0.02), (0.44, 0.14)], fur)
    s.shape([(0.75, 0.24), (0.76, 0.02), (0.56, 0.14)], fur)
    s.oval(0.5, 0.33, 0.29, 0.23, fur)
    _face(s, 0.5, 0.33, 0.25)
    for side in (-1, 1):
        for rise in (-0.03, 0.01, 0.05):
            s.line((0.5 + 0.14 * side, 0.39), (0.5 + 0.36 * side, 0.39 + rise))


def rabbit(s: Sketch) -> None:
    fur = s.fill()
    s.oval(0.38, 0.16, 0.08, 0.17, fur, turn=-8)
    s.oval(0.62, 0.16, 0.08, 0.17, fur, turn=10)
    s.oval(0.5, 0.74, 0.25, 0.23, fur)
    s.oval(0.5, 0.43, 0.22, 0.18, fur)
    _face(s, 0.5, 0.42, 0.2)
    s.oval(0.4, 0.96, 0.12, 0.04, fur)
    s.oval(0.6, 0.96, 0.12, 0.04, fur)


def fish(s: Sketch) -> None:
    scales = s.fill()
    s.curve([(0.66, 0.5), (0.98, 0.24), (0.9, 0.5), (0.98, 0.78)], True, scales)
    s.curve([(0.02, 0.5), (0.3, 0.18), (0.75, 0.48), (0.75, 0.54), (0.3, 0.84)], True, scales)
    s.oval(0.2, 0.45, 0.04, 0.05, WHITE)
    s.dot(0.2, 0.45)
    s.arc(0.26, 0.52, 0.1, 0.22, -70, 70)
    for x in (0.42, 0.52, 0.6):
        s.arc(x, 0.52, 0.06, 0.13, -70, 70)


def bird(s: Sketch) -> None:
    plumage = s.fill()
    s.shape([(0.7, 0.6), (0.98, 0.5), (0.96, 0.66)], plumage)
    s.oval(0.48, 0.58, 0.3, 0.23, plumage)
    s.oval(0.28, 0.36, 0.17, 0.16, plumage)
    s.shape([(0.13, 0.34), (0.0, 0.4), (0.13, 0.42)], s.fill())
    s.dot(0.25, 0.33, 0.025)
    s.curve([(0.42, 0.54), (0.56, 0.8), (0.74, 0.62), (0.6, 0.5)], True, s.fill())
    for x in (0.44, 0.54):
        s.line((x, 0.8), (x, 0.94), (x - 0.07, 0.97))
        s.line((x, 0.94), (x + 0.05, 0.97))


def butterfly(s: Sketch) -> None:
    wing, spot = s.fill(), s.fill()
    for side in (-1, 1):
        upper = [(0.5, 0.42), (0.5 + 0.2 * side, 0.02), (0.5 + 0.5 * side, 0.2), (0.5, 0.56)]
        lower = [(0.5, 0.52), (0.5 + 0.42 * side, 0.56), (0.5 + 0.3 * side, 0.96), (0.5, 0.66)]
        s.curve(upper, True, wing)
        s.curve(lower, True, wing)
        s.oval(0.5 + 0.24 * side, 0.3, 0.06, 0.06, spot)
        s.curve([(0.5, 0.3), (0.5 + 0.03 * side, 0.16), (0.5 + 0.12 * side, 0.08)])
    s.oval(0.5, 0.52, 0.035, 0.22, s.ink)


def snail(s: Sketch) -> None:
    turns = np.linspace(0, 5 * np.pi, 60)
    radius = 0.02 + 0.26 * turns / turns[-1]
    s.curve(
        [
            (0.1, 0.86),
            (0.06, 0.5),
            (0.16, 0.46),
            (0.24, 0.8),
            (0.9, 0.84),
            (0.98, 0.92),
            (0.2, 0.94),
        ],
        True,
        s.fill(),
    )
    spiral = np.stack([0.6 + radius * np.cos(turns), 0.56 + radius * np.sin(turns)], 1)
    s.oval(0.6, 0.56, 0.29, 0.29, s.fill())
    s.curve(spiral)
    s.line((0.1, 0.5), (0.02, 0.34))
    s.line((0.14, 0.48), (0.16, 0.32))
    s.dot(0.02, 0.33)
    s.dot(0.16, 0.31)


def apple(s: Sketch) -> None:
    s.curve(
        [
            (0.5, 0.26),
            (0.78, 0.14),
            (1.0, 0.5),
            (0.74, 0.98),
            (0.5, 0.92),
            (0.26, 0.98),
            (0.0, 0.5),
            (0.22, 0.14),
        ],
        True,
        s.fill(),
    )
    s.curve([(0.5, 0.26), (0.52, 0.14), (0.58, 0.04)], width=1.6)
    s.curve([(0.56, 0.14), (0.7, 0.0), (0.86, 0.06), (0.72, 0.18)], True, s.fill())


def pear(s: Sketch) -> None:
    s.curve(
        [
            (0.5, 0.12),
            (0.66, 0.2),
            (0.68, 0.44),
            (0.92, 0.76),
            (0.7, 1.0),
            (0.3, 1.0),
            (0.08, 0.76),
            (0.32, 0.44),
            (0.34, 0.2),
        ],
        True,
        s.fill(),
    )
    s.curve([(0.5, 0.16), (0.5, 0.06), (0.58, 0.0)], width=1.6)


def mushroom(s: Sketch) -> None:
    s.curve([(0.4, 0.5), (0.36, 0.98), (0.64, 0.98), (0.6, 0.5)], True, s.fill())
    s.curve([(0.02, 0.54), (0.1, 0.04), (0.9, 0.04), (0.98, 0.54), (0.5, 0.62)], True, s.fill())
    for x, y in ((0.32, 0.34), (0.55, 0.24), (0.72, 0.4)):
        s.oval(x, y, 0.06, 0.06, WHITE)


def flower(s: Sketch) -> None:
    petal = s.fill()
    s.curve([(0.5, 0.4), (0.48, 0.7), (0.52, 1.0)], width=1.3)
    s.curve([(0.5, 0.8), (0.3, 0.62), (0.2, 0.74), (0.4, 0.86)], True, s.fill())
    count = number(s.rng, 5, 8)
    for i in range(count):
        angle = 2 * np.pi * i / count
        x, y = 0.5 + 0.2 * np.cos(angle), 0.3 + 0.2 * np.sin(angle)
        s.oval(x, y, 0.13, 0.1, petal, turn=np.degrees(angle))
    s.oval(0.5, 0.3, 0.1, 0.1, s.fill())


def tree(s: Sketch) -> None:
    s.shape([(0.44, 0.6), (0.56, 0.6), (0.6, 1.0), (0.4, 1.0)], s.fill())
    leaves = s.fill()
    if s.rng.random() < 0.5:
        s.curve(
            [
                (0.3, 0.66),
                (0.06, 0.5),
                (0.14, 0.26),
                (0.34, 0.2),
                (0.5, 0.0),
                (0.68, 0.18),
                (0.88, 0.26),
                (0.94, 0.5),
                (0.7, 0.66),
            ],
            True,
            leaves,
        )
        return
    for top in (0.36, 0.18, 0.0):
        half = 0.28 + 0.3 * top
        s.shape([(0.5, top), (0.5 + half, top + 0.34), (0.5 - half, top + 0.34)], leaves)


def house(s: Sketch) -> None:
    s.shape([(0.14, 0.46), (0.86, 0.46), (0.86, 0.98), (0.14, 0.98)], s.fill())
    s.shape([(0.02, 0.48), (0.5, 0.06), (0.98, 0.48)], s.fill())
    s.shape([(0.44, 0.64), (0.62, 0.64), (0.62, 0.98), (0.44, 0.98)], s.fill())
    s.shape([(0.2, 0.58), (0.36, 0.58), (0.36, 0.74), (0.2, 0.74)], WHITE)
    s.line((0.28, 0.58), (0.28, 0.74))
    s.line((0.2, 0.66), (0.36, 0.66))
    s.shape([(0.7, 0.22), (0.7, 0.06), (0.8, 0.06), (0.8, 0.3)])


def sun(s: Sketch) -> None:
    s.oval(0.5, 0.5, 0.24, 0.24, s.fill())
    for i in range(12):
        angle = np.pi * i / 6
        c, d = np.cos(angle), np.sin(angle)
        s.line((0.5 + 0.3 * c, 0.5 + 0.3 * d), (0.5 + 0.46 * c, 0.5 + 0.46 * d))
    _face(s, 0.5, 0.5, 0.24)


def cloud(s: Sketch) -> None:
    s.curve(
        [
            (0.1, 0.7),
            (0.0, 0.5),
            (0.2, 0.36),
            (0.34, 0.14),
            (0.62, 0.2),
            (0.76, 0.36),
            (1.0, 0.46),
            (0.96, 0.72),
        ],
        True,
        s.fill(),
    )
    for x in (0.3, 0.5, 0.7):
        s.line((x, 0.8), (x - 0.05, 0.96))


def car(s: Sketch) -> None:
    body = s.fill()
    s.curve(
        [
            (0.0, 0.74),
            (0.02, 0.5),
            (0.24, 0.46),
            (0.36, 0.24),
            (0.7, 0.24),
            (0.8, 0.46),
            (1.0, 0.52),
            (1.0, 0.74),
        ],
        True,
        body,
    )
    s.shape([(0.32, 0.46), (0.4, 0.31), (0.52, 0.31), (0.52, 0.46)], WHITE)
    s.shape([(0.56, 0.46), (0.56, 0.31), (0.68, 0.31), (0.74, 0.46)], WHITE)
    for x in (0.24, 0.76):
        s.oval(x, 0.75, 0.11, 0.14, WHITE)
        s.oval(x, 0.75, 0.04, 0.05)


def boat(s: Sketch) -> None:
    s.shape([(0.04, 0.66), (0.96, 0.66), (0.78, 0.88), (0.2, 0.88)], s.fill())
    s.line((0.48, 0.66), (0.48, 0.04))
    s.shape([(0.5, 0.08), (0.84, 0.58), (0.5, 0.58)], s.fill())
    s.shape([(0.45, 0.18), (0.45, 0.58), (0.18, 0.58)], s.fill())
    s.curve(
        [
            (0.0, 0.95),
            (0.12, 0.91),
            (0.25, 0.97),
            (0.4, 0.91),
            (0.55, 0.97),
            (0.7, 0.91),
            (0.85, 0.97),
            (1.0, 0.93),
        ]
    )


def star(s: Sketch) -> None:
    angles = np.pi * np.arange(10) / 5 - np.pi / 2
    radius = np.where(np.arange(10) % 2, 0.2, 0.5)
    points = np.stack([0.5 + radius * np.cos(angles), 0.53 + radius * np.sin(angles)], 1)
    s.shape(points, s.fill())


def balloon(s: Sketch) -> None:
    s.oval(0.5, 0.32, 0.28, 0.31, s.fill())
    s.shape([(0.5, 0.63), (0.46, 0.68), (0.54, 0.68)])
    s.curve([(0.5, 0.68), (0.4, 0.78), (0.58, 0.86), (0.5, 1.0)])
    s.arc(0.5, 0.32, 0.18, 0.2, 200, 260)


def cup(s: Sketch) -> None:
    s.shape([(0.16, 0.26), (0.72, 0.26), (0.66, 0.94), (0.22, 0.94)], s.fill())
    s.arc(0.72, 0.52, 0.2, 0.18, -90, 90)
    for x in (0.3, 0.44, 0.58):
        s.curve([(x, 0.2), (x - 0.04, 0.14), (x + 0.04, 0.08), (x, 0.0)])


def book(s: Sketch) -> None:
    s.curve([(0.5, 0.3), (0.3, 0.16), (0.02, 0.26), (0.02, 0.82), (0.3, 0.74), (0.5, 0.88)])
    s.curve([(0.5, 0.3), (0.7, 0.16), (0.98, 0.26), (0.98, 0.82), (0.7, 0.74), (0.5, 0.88)])
    s.line((0.5, 0.3), (0.5, 0.88))
    for y in (0.4, 0.5, 0.6):
        s.line((0.12, y), (0.4, y + 0.02))
        s.line((0.6, y + 0.02), (0.88, y))


def pencil(s: Sketch) -> None:
    s.shape([(0.1, 0.74), (0.26, 0.9), (0.94, 0.22), (0.78, 0.06)], s.fill())
    s.shape([(0.1, 0.74), (0.02, 0.98), (0.26, 0.9)], s.fill())
    s.line((0.18, 0.82), (0.86, 0.14))


def dog(s: Sketch) -> None:
    fur = s.fill()
    s.curve([(0.3, 0.5), (0.72, 0.52), (0.82, 0.96), (0.22, 0.96)], True, fur)
    s.curve([(0.78, 0.8), (0.94, 0.7), (0.98, 0.54)], width=1.6)
    s.oval(0.48, 0.34, 0.27, 0.24, fur)
    for side in (-1, 1):
        x = 0.48 + 0.26 * side
        s.curve(
            [(x, 0.16), (x + 0.12 * side, 0.3), (x + 0.06 * side, 0.56), (x, 0.4)], True, s.fill()
        )
    _face(s, 0.48, 0.32, 0.24)
    s.oval(0.48, 0.37, 0.05, 0.035, s.ink)


def turtle(s: Sketch) -> None:
    skin = s.fill()
    for x in (0.28, 0.62):
        s.oval(x, 0.78, 0.08, 0.1, skin)
    s.oval(0.88, 0.52, 0.11, 0.1, skin)
    s.dot(0.91, 0.49)
    s.curve([(0.06, 0.74), (0.14, 0.3), (0.46, 0.16), (0.76, 0.34), (0.84, 0.74)], True, s.fill())
    for x in (0.28, 0.46, 0.64):
        s.shape([(x, 0.4), (x + 0.08, 0.48), (x + 0.05, 0.6), (x - 0.05, 0.6), (x - 0.08, 0.48)])


def umbrella(s: Sketch) -> None:
    s.line((0.5, 0.1), (0.5, 0.84))
    s.arc(0.58, 0.84, 0.08, 0.1, 0, 180)
    s.curve(
        [
            (0.02, 0.5),
            (0.16, 0.1),
            (0.5, 0.0),
            (0.84, 0.1),
            (0.98, 0.5),
            (0.74, 0.42),
            (0.5, 0.52),
            (0.26, 0.42),
        ],
        True,
        s.fill(),
    )
    s.curve([(0.5, 0.08), (0.3, 0.24), (0.28, 0.45)])
    s.curve([(0.5, 0.08), (0.7, 0.24), (0.72, 0.45)])


def kite(s: Sketch) -> None:
    s.shape([(0.5, 0.0), (0.82, 0.3), (0.5, 0.7), (0.18, 0.3)], s.fill())
    s.line((0.5, 0.0), (0.5, 0.7))
    s.line((0.18, 0.3), (0.82, 0.3))
    s.curve([(0.5, 0.7), (0.36, 0.8), (0.6, 0.88), (0.44, 1.0)])
    for y in (0.8, 0.9):
        s.shape([(0.44, y), (0.36, y - 0.04), (0.36, y + 0.04)], s.fill())


def rocket(s: Sketch) -> None:
    fin = s.fill()
    s.shape([(0.36, 0.56), (0.16, 0.82), (0.38, 0.76)], fin)
    s.shape([(0.64, 0.56), (0.84, 0.82), (0.62, 0.76)], fin)
    s.curve([(0.5, 0.0), (0.32, 0.24), (0.34, 0.78), (0.66, 0.78), (0.68, 0.24)], True, s.fill())
    s.oval(0.5, 0.38, 0.09, 0.09, WHITE)
    s.curve([(0.4, 0.8), (0.44, 0.98), (0.5, 0.86), (0.56, 1.0), (0.6, 0.8)])


def cake(s: Sketch) -> None:
    s.shape([(0.1, 0.56), (0.9, 0.56), (0.9, 0.94), (0.1, 0.94)], s.fill())
    s.curve(
        [
            (0.1, 0.56),
            (0.18, 0.7),
            (0.3, 0.58),
            (0.42, 0.72),
            (0.54, 0.58),
            (0.66, 0.7),
            (0.78, 0.58),
            (0.9, 0.66),
            (0.9, 0.5),
            (0.1, 0.5),
        ],
        True,
        s.fill(),
    )
    for x in (0.3, 0.5, 0.7):
        s.line((x, 0.5), (x, 0.28))
        s.oval(x, 0.21, 0.025, 0.06, s.fill())


PICTURES: tuple[Callable[[Sketch], None], ...] = (
    child,
    child,
    cat,
    rabbit,
    fish,
    bird,
    butterfly,
    snail,
    apple,
    pear,
    mushroom,
    flower,
    tree,
    house,
    sun,
    cloud,
    car,
    boat,
    star,
    balloon,
    cup,
    book,
    pencil,
    dog,
    turtle,
    umbrella,
    kite,
    rocket,
    cake,
    *(4 * (somebody,)),
    *(5 * (something,)),
)
SMALL = (apple, pear, star, flower, fish, mushroom, balloon, butterfly, tree)


def tint(rng: np.random.Generator) -> str:
    """How the pictures of one sheet are filled."""
    return ("none", "grey", "colour")[int(rng.choice(3, p=(0.6, 0.15, 0.25)))]


def draw_picture(
    canvas: Canvas,
    box: Box,
    rng: np.random.Generator,
    ink: Colour = (20, 20, 20),
    filled: str = "none",
    picture: Callable[[Sketch], None] | None = None,
) -> None:
    """Draw one picture, a random one unless given, and record it as a figure."""
    width = max(1.0, min(box.width, box.height) / rng.uniform(45, 90))
    sketch = Sketch(canvas, box, rng, ink, width, filled)
    (picture or pick(rng, PICTURES))(sketch)
    canvas.figures.append(box)


def scene(canvas: Canvas, box: Box, rng: np.random.Generator, ink: Colour, filled: str) -> None:
    """Several pictures on a ground, as above a reading passage."""
    sketch = Sketch(canvas, box, rng, ink, max(1.0, box.height / 110), filled)
    hills = [(0.0, 0.6), (0.2, 0.42), (0.42, 0.6), (0.66, 0.36), (1.0, 0.62)]
    sketch.curve(hills)
    sketch.curve([(0.0, 0.82), (0.4, 0.74), (0.7, 0.84), (1.0, 0.78)])
    count = number(rng, 3, 6)
    size = min(0.62 * box.height, box.width / count)
    for i in range(count):
        left = box.left + (i + rng.uniform(0, 0.3)) * box.width / count
        top = box.top + rng.uniform(0.2, 0.96) * (box.height - size)
        draw_picture(canvas, Box(left, top, size, size), rng, ink, filled)
    if rng.random() < 0.5:
        canvas.rect(box, ink, sketch.width, corner=rng.uniform(0, 0.15) * box.height)
    canvas.figures.append(box)
