"""The ways in which a page becomes a picture: scanners, phones and screens with their habits.

Each function here draws one `Setting` of its kind; `SETTINGS` lists them by name. A name such as
'photo-dark' can be asked for, or kept out of training, by itself; 'photo' stands for all of its
kind.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from data.synth.camera import Lens, PixelGrid, Sensor
from data.synth.geometry import Bend, Pose
from data.synth.light import Light
from data.synth.paper import Wear
from data.synth.setting import Draw, Setting


def _flat_pose(draw: Draw) -> Pose:
    """On a scanner's glass: straight within a degree, at times with the lid in view."""
    zoom = draw.between(0.95, 0.995) if draw.chance(0.12) else draw.between(1.0, 1.02)
    shift = draw.rng.normal(0, 0.004, 2)
    return Pose(zoom, float(draw.rng.normal(0, 0.5)), (float(shift[0]), float(shift[1])))


def _gutter(draw: Draw, probability: float) -> tuple[str, float] | None:
    if not draw.chance(probability):
        return None
    side = "left" if draw.chance(0.5) else "right"
    return side, max(draw.frame) * draw.between(0.01, 0.05)


def _scan_colour(draw: Draw) -> Setting:
    bend = Bend(spine=_gutter(draw, 0.1))
    return Setting(
        _flat_pose(draw),
        bend,
        Light(level=draw.between(0.93, 1.01), unevenness=draw.spread(0.004)),
        draw.wear(0.88, 0.6),
        draw.lens(0.3, 0.35, 0.35),
        draw.sensor(draw.spread(2.0) + 0.3, ("raw", "crisp", "soft")),
        draw.jpeg(55, 97),
        grain=draw.spread(0.006),
        behind=_lid(draw),
        **draw.print(0.18),
    )


def _scan_contrast(draw: Draw) -> Setting:
    """The levels stretched until paper is white."""
    low, high = draw.between(0.05, 0.25), draw.between(0.78, 0.95)
    gain = 1 / (high - low)
    return Setting(
        _flat_pose(draw),
        Bend(spine=_gutter(draw, 0.05)),
        Light(level=draw.between(0.96, 1.0), unevenness=draw.spread(0.004)),
        draw.wear(0.93, 0.4),
        draw.lens(0.3, 0.35, 0.35),
        draw.sensor(
            draw.spread(1.6), ("raw", "crisp", "soft"), gain=gain, offset=-255 * gain * low
        ),
        draw.jpeg(50, 97, 0.8),
        grain=draw.spread(0.004),
        behind=_lid(draw),
        grey=draw.chance(0.3),
        **draw.print(0.1),
    )


def _scan_grey(draw: Draw) -> Setting:
    """A grey scan or a printed facsimile, paper and all."""
    return Setting(
        _flat_pose(draw),
        Bend(spine=_gutter(draw, 0.25)),
        Light(level=draw.between(0.75, 1.0), unevenness=draw.spread(0.01)),
        draw.wear(0.8, 0.6),
        draw.lens(0.3, 0.4, 0.3),
        draw.sensor(draw.spread(2.5) + 0.3, ("raw", "crisp", "soft")),
        draw.jpeg(50, 97),
        grain=draw.spread(0.008),
        behind=_lid(draw),
        grey=True,
        **draw.print(0.25),
    )


def _scan_bitonal(draw: Draw) -> Setting:
    """A fax or a photocopy: almost only black and white."""
    return Setting(
        _flat_pose(draw),
        Bend(),
        Light(level=draw.between(0.9, 1.0), unevenness=draw.spread(0.02)),
        draw.wear(0.9, 0.4),
        draw.lens(0.4, 0.3, 0.2),
        draw.sensor(
            draw.spread(3.0) + 0.5,
            ("crisp", "soft"),
            contrast=draw.between(10, 45),
            pivot=draw.between(120, 200),
        ),
        draw.jpeg(70, 97, 0.6),
        grain=draw.spread(0.01),
        behind=_lid(draw),
        grey=True,
        **draw.print(0.1),
    )


def _lid(draw: Draw) -> tuple[float, float, float]:
    level = float(draw.rng.choice([1.0, 0.85, 0.5, 0.05]))
    return level, level, level


def _held_pose(draw: Draw) -> Pose:
    """As a phone is held: nearly above, sometimes well from the side, the desk often in view."""
    whole = draw.chance(0.35)
    zoom = draw.between(0.84, 0.97) if whole else draw.between(1.0, 1.1)
    angle = float(draw.rng.normal(0, 2.2 if draw.chance(0.85) else 6.0))
    lean = draw.rng.normal(0, 0.012 if draw.chance(0.7) else 0.035, (4, 2))
    shift = draw.rng.normal(0, 0.015, 2)
    return Pose(zoom, angle, (float(shift[0]), float(shift[1])), lean)


def _held_bend(draw: Draw) -> Bend:
    span = max(draw.frame)
    wave = (0.0, 1.0, 0.0)
    if draw.chance(0.6):
        wave = (
            span * float(draw.rng.normal(0, 0.008)),
            draw.between(0.3, 0.9),
            draw.between(0, 2 * np.pi),
        )
    buckle = None
    if draw.chance(0.5):
        cells = int(draw.rng.integers(3, 9))
        buckle = draw.rng.normal(0, 0.0025 * span * 4 / cells, (cells, cells, 2))
        buckle = buckle.astype(np.float32)
    return Bend(wave, _gutter(draw, 0.25), buckle)


def _desk(draw: Draw) -> dict:
    """What a page on a desk lies on, as arguments of a Setting."""
    colour = draw.rng.choice(_DESKS) * draw.between(0.6, 1.3) + draw.rng.normal(0, 0.02, 3)
    colour = np.clip(colour, 0.02, 0.95)
    return {"behind": tuple(map(float, colour)), "weave": draw.between(0.0, 0.12)}


# Reflectances: woods, black, grey, white laminate, a blue-green mat, cloth.
_DESKS = np.array(
    [
        [0.55, 0.40, 0.25],
        [0.70, 0.55, 0.38],
        [0.35, 0.22, 0.14],
        [0.05, 0.05, 0.05],
        [0.35, 0.35, 0.36],
        [0.75, 0.75, 0.73],
        [0.15, 0.32, 0.32],
        [0.25, 0.28, 0.40],
    ]
)


def _photo(draw: Draw, light: Light, noise: float, **levels: float) -> Setting:
    """What all photographs have in common."""
    lens = draw.lens(0.45, 0.4, 0.4)
    if draw.chance(0.15):
        lens = Lens(lens.blur, 0.0, draw.between(1.5, 4), draw.between(0, np.pi), lens.sharpen)
    elif draw.chance(0.2):
        far = draw.between(0.02, 0.07) * draw.print_height
        lens = Lens(lens.blur, defocus=far, sharpen=lens.sharpen)
    haze = draw.between(0, 0.12) * 255 * light.level
    return Setting(
        _held_pose(draw),
        _held_bend(draw),
        light,
        draw.wear(0.75 if draw.chance(0.3) else 0.88, 1.0),
        lens,
        draw.sensor(
            noise,
            ("crisp", "soft", "soft", "blotchy"),
            **{"gain": 1 - haze / 255, "offset": 0.6 * haze, **levels},
        ),
        draw.jpeg(28, 50) if draw.chance(0.1) else draw.jpeg(50, 96, 0.97),
        grain=draw.spread(0.008),
        grey=draw.chance(0.08),
        **draw.print(0.22),
        **_desk(draw),
    )


def _tint(draw: Draw, strength: float) -> tuple[float, float, float]:
    """White balance gone warm or cool, with a touch of green or pink."""
    warm, green = draw.rng.normal(0, strength), draw.rng.normal(0, 0.4 * strength)
    gains = np.array([1 + warm, 1 + green, 1 - warm])
    return tuple(map(float, gains / gains.max()))


def _photo_day(draw: Draw) -> Setting:
    light = Light(
        level=draw.between(0.7, 1.02),
        tint=_tint(draw, 0.03),
        fall=draw.between(0, 0.3),
        unevenness=draw.spread(0.03),
        vignette=draw.between(0, 0.15),
        shadows=int(draw.chance(0.3)),
    )
    gamma = draw.between(0.8, 1.25) if draw.chance(0.4) else 1.0
    return _photo(draw, light, 0.6 + draw.spread(2.2), gamma=gamma)


def _photo_lamp(draw: Draw) -> Setting:
    """Under a lamp in the evening: warm, uneven, with shadows and sometimes glare."""
    light = Light(
        level=draw.between(0.55, 0.9),
        tint=_tint(draw, 0.07),
        fall=draw.between(0.1, 0.6),
        unevenness=draw.spread(0.05),
        vignette=draw.between(0, 0.3),
        shadows=int(draw.rng.integers(0, 3)),
        glare=draw.between(0.05, 0.3) if draw.chance(0.25) else 0.0,
    )
    return _photo(draw, light, 1.0 + draw.spread(3.0))


def _photo_dark(draw: Draw) -> Setting:
    """Too little light: grey paper, weak contrast, noise smeared by the phone."""
    light = Light(
        level=draw.between(0.32, 0.6),
        tint=_tint(draw, 0.06),
        fall=draw.between(0, 0.4),
        unevenness=draw.spread(0.04),
        vignette=draw.between(0.05, 0.35),
        shadows=int(draw.chance(0.4)),
    )
    return _photo(draw, light, 1.5 + draw.spread(3.0))


def _photo_enhanced(draw: Draw) -> Setting:
    """A scanning app: shading taken out as well as it can, then the levels stretched."""
    light = Light(
        level=draw.between(0.85, 0.97),
        tint=_tint(draw, 0.01),
        fall=draw.between(0, 0.5),
        unevenness=draw.spread(0.05),
        vignette=draw.between(0, 0.3),
        shadows=int(draw.chance(0.5)),
        flatten=draw.between(0.75, 0.98),
    )
    low, high = draw.between(0.1, 0.35), draw.between(0.75, 0.92)
    gain = 1 / (high - low)
    contrast = draw.between(5, 12) if draw.chance(0.3) else 0.0
    return _photo(
        draw, light, draw.spread(2.0), gain=gain, offset=-255 * gain * low, contrast=contrast
    )


def _screen_copy(draw: Draw) -> Setting:
    """A screenshot or an exported file written on with a stylus: clean, no geometry."""
    return Setting(
        None,
        None,
        Light(),
        Wear(colour=(1.0, 1.0, 1.0) if draw.chance(0.7) else draw.wear(0.85, 0).colour),
        Lens(draw.between(0.3, 0.8) if draw.chance(0.3) else 0.0),
        Sensor(),
        draw.jpeg(60, 97, 0.6),
        grey=draw.chance(0.1),
    )


def _screen_photo(draw: Draw) -> Setting:
    """A photo of a monitor: pixels that beat with the camera's, a cold cast, a glowing black."""
    # Just off one screen pixel to a pixel the beats are wide bands, else fine checks.
    near, off = ((1.0, 0.03), (1.0, 0.03), (2.0, 0.05), (3.0, 0.1))[int(draw.rng.integers(4))]
    period = near * draw.between(1 - off, 1 + off)
    grid = PixelGrid(
        period,
        float(draw.rng.normal(0, 0.03)),
        draw.between(0.02, 0.12),
        float(draw.rng.normal(0, 0.02)),
    )
    light = Light(
        level=draw.between(0.65, 1.0),
        tint=_tint(draw, 0.06),
        fall=draw.between(0, 0.25),
        unevenness=draw.spread(0.02),
        vignette=draw.between(0, 0.25),
        glare=draw.between(0.05, 0.2) if draw.chance(0.2) else 0.0,
    )
    glow = draw.between(0.03, 0.2)
    pose = replace(_held_pose(draw), angle=float(draw.rng.normal(0, 2)))
    return Setting(
        pose,
        Bend(),
        light,
        Wear(),
        draw.lens(0.5, 0.3, 0.4),
        draw.sensor(
            0.8 + draw.spread(2.5),
            ("crisp", "soft", "blotchy"),
            gain=1 - glow,
            offset=255 * glow * light.level,
        ),
        draw.jpeg(55, 95),
        pixel_grid=grid,
        behind=(0.04, 0.04, 0.05),
    )


# name: (how to draw it, share of all captures)
SETTINGS: dict[str, tuple[Callable[[Draw], Setting], float]] = {
    "scan-colour": (_scan_colour, 0.16),
    "scan-contrast": (_scan_contrast, 0.14),
    "scan-grey": (_scan_grey, 0.10),
    "scan-bitonal": (_scan_bitonal, 0.04),
    "photo-day": (_photo_day, 0.19),
    "photo-lamp": (_photo_lamp, 0.10),
    "photo-dark": (_photo_dark, 0.10),
    "photo-enhanced": (_photo_enhanced, 0.09),
    "screen-copy": (_screen_copy, 0.04),
    "screen-photo": (_screen_photo, 0.04),
}
KINDS = ("scan", "photo", "screen")


def names(kind: str | None = None, without: tuple[str, ...] = ()) -> list[str]:
    """The settings that a kind ('scan'), a setting's own name or None (all) stands for.

    Raises ValueError when there is none.
    """
    wanted = (None, *KINDS, *SETTINGS)
    for name in (kind, *without):
        if name not in wanted:
            raise ValueError(f"unknown capture {name!r}; known: {', '.join(wanted[1:])}")
    found = [
        name
        for name in SETTINGS
        if kind in (None, name, name.split("-")[0])
        and not any(banned in (name, name.split("-")[0]) for banned in without)
    ]
    if not found:
        raise ValueError(f"no capture left of {kind or 'all'} without {', '.join(without)}")
    return found


# Kinds of pages that often are files made for a screen: factors of the shares above.
FACTORS = {
    "comic": {"screen-copy": 20.0, "scan": 1.5, "photo": 0.2, "screen-photo": 0.2},
    "slides": {"screen-copy": 8.0},
}


def choose(
    rng: np.random.Generator,
    kind: str | None = None,
    without: tuple[str, ...] = (),
    factors: dict[str, float] | None = None,
) -> str:
    """The name of a setting of a kind, each as often as its share says.

    factors: by which shares are multiplied, of settings or of whole kinds.
    """
    known = names(kind, without)
    shares = np.array([SETTINGS[name][1] for name in known])
    if factors:
        shares *= [factors.get(name, factors.get(name.split("-")[0], 1.0)) for name in known]
    return known[int(rng.choice(len(known), p=shares / shares.sum()))]


def draw_setting(
    rng: np.random.Generator, name: str, frame: tuple[int, int], print_height: float
) -> Setting:
    """A setting by name; frame (height, width) and print_height in pixels of the capture."""
    return SETTINGS[name][0](Draw(rng, frame, print_height))
