"""Printed faces, handwritten fonts and the strokes of hanzi: what is bundled, what is covered.

The bundled files and their licences are in `assets/`; more fonts are read from a folder.
"""

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ASSETS = Path(__file__).resolve().parent / "assets"
FONT_SUFFIXES = (".otf", ".ttc", ".ttf", ".woff2")
# A Japanese face has about seven in ten of the simplified characters, a Latin one none.
CHINESE_SHARE = 0.5
PROBE_SIZE = 24


@dataclass(frozen=True)
class Face:
    """One font. role: 'print', 'hand' or 'comic'; script: 'zh', 'latin' or 'ja'.

    coverage: the characters it can draw, of those in `wanted_characters(script)`.
    """

    name: str
    path: Path
    role: str
    script: str
    coverage: frozenset[str]

    def covers(self, text: str) -> bool:
        """True when every character of text can be drawn; spaces always can."""
        return all(c in self.coverage or c.isspace() for c in text)


@dataclass(frozen=True)
class Faces:
    """All faces there are to choose from, each tuple sorted by name."""

    print_zh: tuple[Face, ...]
    print_latin: tuple[Face, ...]
    hand_zh: tuple[Face, ...]
    hand_latin: tuple[Face, ...]
    comic_ja: tuple[Face, ...] = ()
    comic_latin: tuple[Face, ...] = ()

    @classmethod
    def load(cls, extra: Path | None = None) -> "Faces":
        """The bundled faces and those in `extra/hand` and `extra/print`.

        Whether an extra font is Chinese or Latin follows from what it covers.
        Raises ValueError for a missing or unreadable font, or a folder without fonts.
        """
        faces = list(_bundled_faces())
        if extra is not None:
            faces += _extra_faces(Path(extra))
        return cls.of(faces)

    @classmethod
    def of(cls, faces: Iterable[Face]) -> "Faces":
        """Sorts faces into roles and scripts. Raises ValueError when two share a name."""
        by_name: dict[str, Face] = {}
        for face in faces:
            if face.name in by_name:
                raise ValueError(
                    f"{face.path}: a font named {face.name!r} is there already "
                    f"({by_name[face.name].path}); rename the file"
                )
            by_name[face.name] = face
        return cls(**{
            group.name: tuple(
                by_name[name]
                for name in sorted(by_name)
                if f"{by_name[name].role}_{by_name[name].script}" == group.name
            )
            for group in fields(cls)
        })

    def others(self, names: Iterable[str]) -> list[str]:
        """What to leave out so that these are all that is left of the kinds that they are of."""
        names = set(names)
        groups = [{face.name for face in getattr(self, group.name)} for group in fields(self)]
        return sorted(set().union(*(group - names for group in groups if group & names)))

    def without(self, names: Iterable[str]) -> "Faces":
        """The same faces less those named, to hold some out.

        Raises ValueError for a name that no face has, and when a kind would be left empty.
        """
        names = list(names)
        groups = [group.name for group in fields(self)]
        everything = [face for group in groups for face in getattr(self, group)]
        known = [face.name for face in everything]
        unknown = sorted(set(names) - set(known))
        if unknown:
            raise ValueError(f"no font named {unknown}; known: {', '.join(sorted(known))}")
        left = Faces.of(face for face in everything if face.name not in names)
        empty = [group for group in groups if getattr(self, group) and not getattr(left, group)]
        if empty:
            raise ValueError(f"without {sorted(names)} nothing is left of {empty}")
        return left


def font(face: Face, size: int) -> ImageFont.FreeTypeFont:
    """The face at `size` pixels to the em, from a cache.

    Raises ValueError when the file cannot be read.
    """
    return font_at(str(face.path), int(size))


@functools.lru_cache(maxsize=192)
def font_at(path: str, size: int) -> ImageFont.FreeTypeFont:
    # Basic layout: raqm is not in every build of Pillow, and would change the page with it.
    try:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be read as a font ({error}); restore it from git, build "
            "it again with data/synth/assets/build.py, or take it out of the "
            "folder of extra fonts"
        ) from error


def is_hanzi(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


@functools.cache
def wanted_characters(script: str = "zh") -> str:
    """GB2312 level 1, the signs of exam papers and every character of the word lists; for 'ja' kana
    and the characters of the Japanese lists."""
    name = "charset_ja.txt" if script == "ja" else "charset.txt"
    return _read_asset(name).decode("utf-8").removesuffix("\n")


def hanzi_points(character: str) -> tuple[np.ndarray, np.ndarray] | None:
    """The middle lines of a hanzi's strokes in writing order, and where each ends; None if unknown.

    points: float32 (P, 2), x to the right and y down, in a box of 0 to 1; ends: int32 (strokes +
    1,), from 0 to P. Do not write to them.
    """
    strokes = _hanzi()
    position = strokes.positions.get(character)
    if position is None:
        return None
    first, last = strokes.character_ends[position], strokes.character_ends[position + 1]
    ends = strokes.stroke_ends[first : last + 1]
    return strokes.points[ends[0] : ends[-1]], ends - ends[0]


@dataclass(frozen=True)
class _Hanzi:
    positions: dict[str, int]
    points: np.ndarray  # float32 (P, 2)
    stroke_ends: np.ndarray  # offsets into points
    character_ends: np.ndarray  # offsets into strokes


@functools.cache
def _hanzi() -> _Hanzi:
    path = _asset("hanzi.npz")
    with np.load(path) as packed:
        points = packed["points"].astype(np.float32) / 1024
        points.setflags(write=False)
        return _Hanzi(
            {c: i for i, c in enumerate(str(packed["characters"]))},
            points,
            packed["stroke_ends"],
            packed["character_ends"],
        )


@functools.cache
def _bundled_faces() -> tuple[Face, ...]:
    faces = []
    for entry in json.loads(_read_asset("faces.json")):
        path = _asset(entry["file"])
        coverage, wanted = entry["coverage"], frozenset(wanted_characters(entry["script"]))
        covered = (
            wanted - frozenset(coverage["lacks"])
            if "lacks" in coverage
            else frozenset(coverage["has"])
        )
        faces.append(Face(entry["name"], path, entry["role"], entry["script"], covered))
    return tuple(faces)


def _extra_faces(folder: Path) -> list[Face]:
    files = [
        (role, path)
        for role in ("hand", "print")
        for path in sorted((folder / role).glob("*"))
        if path.suffix.lower() in FONT_SUFFIXES
    ]
    if not files:
        raise ValueError(
            f"{folder}: no {', '.join(FONT_SUFFIXES)} fonts in its subfolders hand/ "
            "and print/; put handwritten fonts in the one, printed faces in the other"
        )
    faces = []
    for role, path in files:
        coverage = _probe_coverage(path)
        if not coverage >= frozenset("0123456789"):
            raise ValueError(f"{path}: has not even the digits; take it out of the folder")
        script = "zh" if _chinese_share(coverage) >= CHINESE_SHARE else "latin"
        faces.append(Face(path.stem, path, role, script, coverage))
    return faces


def _chinese_share(coverage: frozenset[str]) -> float:
    hanzi = list(filter(is_hanzi, wanted_characters()))
    return sum(c in coverage for c in hanzi) / len(hanzi)


def _probe_coverage(path: Path) -> frozenset[str]:
    """Finds what a font covers by drawing: Pillow does not show a font's character map.

    A character is missing when it comes out as the font's sign for missing ones, or empty.
    """
    probe = font_at(str(path), PROBE_SIZE)
    missing = {_drawn(probe, c) for c in ("\U000e0fff", "\ufffe", "\U0010fffd")}
    blank = _drawn(probe, " ")
    return frozenset(
        c for c in wanted_characters() if c == " " or _drawn(probe, c) not in missing | {blank}
    )


def _drawn(probe: ImageFont.FreeTypeFont, character: str) -> bytes:
    canvas = Image.new("L", (2 * PROBE_SIZE, 2 * PROBE_SIZE))
    ImageDraw.Draw(canvas).text((PROBE_SIZE // 2, PROBE_SIZE // 4), character, 255, font=probe)
    return canvas.tobytes()


def _asset(name: str) -> Path:
    path = ASSETS / name
    if not path.is_file():
        raise ValueError(
            f"{path}: missing; restore it from git or build the folder again with "
            "data/synth/assets/build.py"
        )
    return path


def _read_asset(name: str) -> bytes:
    return _asset(name).read_bytes()
