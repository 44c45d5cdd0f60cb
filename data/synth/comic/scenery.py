"""What lies behind the figures of a panel: lines of speed, skies, towns, rooms, patterns."""

import numpy as np

from data.synth.comic.look import Look, polygon_tone
from data.synth.content.canvas import WHITE, Canvas, smooth
from data.synth.content.photos import photo
from data.synth.sheet import Box
from data.synth.words import number, pick


def _everything(canvas: Canvas) -> np.ndarray:
    return np.array([(0, 0), (canvas.width, 0), (canvas.width, canvas.height), (0, canvas.height)])


def plain(canvas: Canvas, look: Look) -> None:
    if look.tint == "colour":
        canvas.pixels[:] = look.fill()


def toned(canvas: Canvas, look: Look) -> None:
    plain(canvas, look)
    polygon_tone(canvas, look, _everything(canvas))


def speed(canvas: Canvas, look: Look) -> None:
    """Thin wedges that run all one way."""
    rng = look.rng
    plain(canvas, look)
    angle = rng.normal(0, 0.3) + (0 if rng.random() < 0.7 else np.pi / 2)
    along = np.array([np.cos(angle), np.sin(angle)])
    reach = canvas.width + canvas.height
    for _ in range(number(rng, 20, 90)):
        at = rng.uniform(0, 1, 2) * (canvas.width, canvas.height)
        wide = look.pen * rng.uniform(0.3, 2.5) * along[::-1] * (-1, 1)
        end = at + along * reach * rng.uniform(0.1, 0.8)
        canvas.polygon([at - wide, at + wide, end], look.ink)


def focus(canvas: Canvas, look: Look) -> None:
    """Wedges from the edges to a clear place in the middle; or white ones on black."""
    rng = look.rng
    plain(canvas, look)
    size = np.array([canvas.width, canvas.height])
    middle = size * rng.uniform(0.3, 0.7, 2)
    clear, far = size.min() * rng.uniform(0.25, 0.5), size.sum()
    colour = look.ink
    if rng.random() < 0.25:
        canvas.pixels[:] = 12
        colour = WHITE
    for angle in rng.uniform(0, 2 * np.pi, number(rng, 60, 220)):
        way = np.array([np.cos(angle), np.sin(angle)])
        across = way[::-1] * (-1, 1) * far * rng.uniform(0.001, 0.012)
        tip = middle + way * clear * rng.uniform(0.8, 1.5)
        canvas.polygon([tip, middle + way * far + across, middle + way * far - across], colour)


def night(canvas: Canvas, look: Look) -> None:
    rng = look.rng
    canvas.pixels[:] = (18, 20, 50) if look.tint == "colour" else 10
    for _ in range(number(rng, 20, 160)):
        x, y = rng.uniform(0, 1, 2) * (canvas.width, canvas.height)
        canvas.disc(x, y, look.pen * rng.uniform(0.2, 1.2), WHITE)
    if rng.random() < 0.4:
        radius = rng.uniform(0.05, 0.15) * canvas.height
        canvas.disc(rng.uniform(0, canvas.width), 2 * radius, radius, WHITE)


def town(canvas: Canvas, look: Look) -> None:
    """Houses with windows under a sky, near ones in front of far ones."""
    rng = look.rng
    toned(canvas, look) if rng.random() < 0.5 else plain(canvas, look)
    for row in range(number(rng, 1, 3)):
        left = -rng.uniform(0, 0.2) * canvas.width
        while left < canvas.width:
            wide = canvas.width * rng.uniform(0.12, 0.35)
            top = canvas.height * rng.uniform(0.1 + 0.15 * row, 0.6 + 0.1 * row)
            house = Box(left, top, wide, canvas.height - top + 9)
            canvas.rect(house, look.ink, look.pen, fill=look.fill())
            if rng.random() < 0.4:
                _tone_box(canvas, look, house)
            _windows(canvas, look, house)
            left += wide * rng.uniform(0.9, 1.3)


def _tone_box(canvas: Canvas, look: Look, box: Box) -> None:
    corners = [(box.left, box.top), (box.right, box.top), (box.right, box.bottom)]
    polygon_tone(canvas, look, np.array([*corners, (box.left, box.bottom)]))


def _windows(canvas: Canvas, look: Look, box: Box) -> None:
    rng = look.rng
    columns, step = number(rng, 2, 5), 0.0
    step = box.width / (columns + 0.5)
    fill, wide, high = look.fill(), rng.uniform(0.4, 0.7) * step, rng.uniform(0.4, 0.9) * step
    for i in range(columns):
        for y in np.arange(box.top + 0.4 * step, min(box.bottom, canvas.height), 1.4 * step):
            pane = Box(box.left + (i + 0.45) * step, y, wide, high)
            canvas.rect(pane, look.ink, 0.6 * look.pen, fill=fill)


def country(canvas: Canvas, look: Look) -> None:
    """Hills, trees made of scribbles, and clouds."""
    rng = look.rng
    toned(canvas, look) if rng.random() < 0.4 else plain(canvas, look)
    width, height = canvas.width, canvas.height
    for _ in range(number(rng, 0, 3)):
        x, y = rng.uniform(0, width), rng.uniform(0.05, 0.4) * height
        blobs = [(x + dx, y + rng.normal(0, 0.02) * height)
                 for dx in np.linspace(-0.15, 0.15, 6) * width]
        for at in blobs:
            canvas.ellipse(*at, 0.06 * width, 0.04 * height, look.ink, look.pen, WHITE)
        for at in blobs:
            canvas.ellipse(*at, 0.06 * width - look.pen, 0.04 * height - look.pen, fill=WHITE,
                           width=0)
    for at in (0.55, 0.72):
        x = np.linspace(-0.1, 1.1, 7)
        ridge = np.stack([x, at + rng.normal(0, 0.06, 7)], 1) * (width, height)
        ridge = smooth(ridge)
        land = np.concatenate([ridge, [(1.1 * width, 1.1 * height), (-0.1 * width, 1.1 * height)]])
        canvas.polygon(land, look.fill())
        if rng.random() < 0.4:
            polygon_tone(canvas, look, land)
        canvas.path(ridge, look.ink, look.pen)
    for _ in range(number(rng, 0, 5)):
        _tree(canvas, look, rng.uniform(0, width), rng.uniform(0.6, 1.0) * height)


def _tree(canvas: Canvas, look: Look, x: float, foot: float) -> None:
    rng = look.rng
    size = canvas.height * rng.uniform(0.12, 0.4)
    canvas.line(x, foot, x + 0.05 * size, foot - 0.6 * size, look.ink, 3 * look.pen)
    angles = np.linspace(0, 2 * np.pi, number(rng, 14, 40))
    radii = size * rng.uniform(0.25, 0.45, len(angles))
    crown = np.stack([x + radii * np.cos(angles), foot - size + radii * np.sin(angles)], 1)
    crown = smooth(crown, True, 2)
    canvas.polygon(crown, look.fill())
    canvas.path(crown, look.ink, look.pen, closed=True)
    for _ in range(number(rng, 3, 20)):
        leaf = np.array([x, foot - size]) + rng.normal(0, 0.15 * size, 2)
        canvas.ellipse(*leaf, 0.06 * size, 0.05 * size, look.ink, look.pen, start=0, end=200)


def room(canvas: Canvas, look: Look) -> None:
    """Walls in perspective, a window or a shelf of books, floor boards."""
    rng = look.rng
    plain(canvas, look)
    width, height = canvas.width, canvas.height
    vanish = np.array([rng.uniform(0.2, 0.8) * width, rng.uniform(0.3, 0.6) * height])
    back = Box(0.6 * vanish[0], 0.55 * vanish[1], 0.5 * width, 0.45 * height)
    corners = [(back.left, back.top), (back.right, back.top), (back.right, back.bottom),
               (back.left, back.bottom)]
    for corner in corners:
        away = np.array(corner) - vanish
        canvas.line(*corner, *(vanish + away * 20), look.ink, look.pen)
    for x in np.linspace(back.left, back.right, number(rng, 3, 9)):
        away = np.array([x, back.bottom]) - vanish
        canvas.line(x, back.bottom, *(vanish + away * 20), look.ink, 0.6 * look.pen)
    canvas.rect(back, look.ink, look.pen, fill=look.fill())
    if rng.random() < 0.5:
        _tone_box(canvas, look, back)
    if rng.random() < 0.5:
        _windows(canvas, look, Box(back.left, back.top, back.width, 0.6 * back.height))
    else:
        for y in np.linspace(back.top, back.bottom, 4)[1:]:
            for x in np.arange(back.left, back.right, 0.03 * width):
                high = 0.1 * height * rng.uniform(0.5, 0.9)
                book = Box(x, y - high, 0.024 * width, high)
                canvas.rect(book, look.ink, 0.6 * look.pen, fill=look.fill())


def pattern(canvas: Canvas, look: Look) -> None:
    """Sparkles, flowers, bubbles or checks: what feelings look like."""
    rng = look.rng
    toned(canvas, look) if rng.random() < 0.5 else plain(canvas, look)
    if rng.random() < 0.2:
        step = canvas.height / number(rng, 6, 20)
        for i in range(int(canvas.width / step) + 1):
            for j in range(i % 2, int(canvas.height / step) + 1, 2):
                canvas.rect(Box(i * step, j * step, step, step), width=0, fill=look.ink)
        return
    form = pick(rng, (sparkle, blossom, ring))
    for _ in range(number(rng, 5, 40)):
        x, y = rng.uniform(0, 1, 2) * (canvas.width, canvas.height)
        form(canvas, look, x, y, canvas.height * rng.uniform(0.02, 0.12))


def sparkle(canvas: Canvas, look: Look, x: float, y: float, size: float) -> None:
    angles = np.arange(8) * np.pi / 4
    radii = np.where(np.arange(8) % 2, 0.12, 1.0) * size
    points = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], 1)
    canvas.polygon(points, pick(look.rng, (WHITE, look.ink)))


def blossom(canvas: Canvas, look: Look, x: float, y: float, size: float) -> None:
    petal, count = look.fill(), number(look.rng, 5, 7)
    for angle in np.arange(count) * 2 * np.pi / count:
        at = x + 0.6 * size * np.cos(angle), y + 0.6 * size * np.sin(angle)
        canvas.ellipse(*at, 0.5 * size, 0.35 * size, look.ink, 0.7 * look.pen, petal,
                       turn=np.degrees(angle))
    canvas.disc(x, y, 0.2 * size, look.ink)


def ring(canvas: Canvas, look: Look, x: float, y: float, size: float) -> None:
    fill = WHITE if look.rng.random() < 0.4 else None
    canvas.ellipse(x, y, size, size, look.ink, look.pen, fill)


def hatched(canvas: Canvas, look: Look) -> None:
    """Strokes one over the other, as for gloom."""
    rng = look.rng
    plain(canvas, look)
    for _ in range(number(rng, 1, 3)):
        angle = rng.uniform(0, np.pi)
        along = np.array([np.cos(angle), np.sin(angle)])
        for _ in range(number(rng, 40, 200)):
            at = rng.uniform(0, 1, 2) * (canvas.width, canvas.height)
            end = at + along * canvas.height * rng.uniform(0.1, 0.5)
            canvas.line(*at, *end, look.ink, look.pen * rng.uniform(0.4, 1))


def painted(canvas: Canvas, look: Look) -> None:
    """A picture in full tones, as in a game or a poster."""
    photo(canvas, Box(0, 0, canvas.width, canvas.height), look.rng)
    if look.tint == "colour":
        tints = np.array([look.fill(), look.fill()], np.float32) / 255
        share = np.linspace(0, 1, canvas.height, dtype=np.float32)[:, None, None]
        wash = 0.4 + 0.6 * (tints[0] * share + tints[1] * (1 - share))
        canvas.pixels[:] = np.clip(canvas.pixels * wash, 0, 255)


BACKGROUNDS = (plain, plain, toned, toned, speed, focus, night, town, country, room, pattern,
               hatched, painted)
