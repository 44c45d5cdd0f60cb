"""Pages with text whose characters, or at least words, are known: SynthText, ICDAR, our own.

    gt.mat                    SynthText's: boxes of characters and words, images beside it
    images/  chars/STEM.json  our generator's (python -m data.synth --chars)
    images/  words/STEM.txt   ICDAR's: x1,y1,...,x4,y4,text (or left,top,right,bottom,text) a line,
                              gt_STEM.txt as well; ### is text that nobody could read
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.io import loadmat

from data.characters import Characters, read_json
from data.image_io import list_images, read_image

UNREADABLE = ("###", "*", "")
SCRIPTS = ("Arabic", "Latin", "Chinese", "Japanese", "Korean", "Bangla", "Hindi", "Symbols",
           "Mixed", "None")  # a column of their own in 2017's files


class Whole(NamedTuple):
    """A word of which no more than its outline and its length is known."""

    text: str  # '' where nobody could read it
    quad: np.ndarray  # float64 4,2, from the top left, clockwise as it is read


Words = list[Characters] | list[Whole]


@dataclass(frozen=True)
class TextPage:
    """A page and where its words are said to be."""

    name: str
    image: Path
    words: Callable[[], Words]

    @property
    def gt(self) -> Path:
        """What other pages may have in common with it, as pairs their ground truth: nothing."""
        return self.image

    def read_words(self) -> tuple[np.ndarray, Words]:
        """The page, uint8 H,W,3, and its words. ValueError naming the file that is at fault."""
        return read_image(self.image), self.words()


def find_text(root: Path | str) -> list[TextPage]:
    """All pages of a folder in one of the layouts above. ValueError for none, or no page."""
    root = Path(root)
    if not root.is_dir():
        raise ValueError(f"{root}: no such folder")
    if (root / "gt.mat").exists():
        pages = synth_text(root / "gt.mat")
    elif (root / "chars").is_dir():
        pages = _beside_images(root, "chars", ("{}.json",), read_json)
    elif (root / "words").is_dir():
        pages = _beside_images(root, "words", ("{}.txt", "gt_{}.txt"), read_words)
    else:
        raise ValueError(f"{root}: neither gt.mat (SynthText) nor chars/ (python -m data.synth "
                         "--chars) nor words/ (ICDAR) are there")
    if not pages:
        raise ValueError(f"{root}: no page with words found there")
    return pages


def _beside_images(root: Path, folder: str, names: tuple[str, ...],
                   read: Callable[[Path], Words]) -> list[TextPage]:
    pages = []
    for image in list_images(root / "images"):
        paths = [root / folder / name.format(image.stem) for name in names]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            raise ValueError(f"{image}: no {paths[0]} beside it")
        pages.append(TextPage(image.stem, image, partial(read, path)))
    return pages


def synth_text(path: Path) -> list[TextPage]:
    """The pages of SynthText's gt.mat, those without a single character left out.

    Gupta, Vedaldi, Zisserman: Synthetic Data for Text Localisation in Natural Images, CVPR 2016,
    arXiv:1604.06646. Raises ValueError for a damaged file, and where a page's texts and boxes
    differ in number.
    """
    try:
        content = loadmat(path, variable_names=["imnames", "charBB", "txt"])
        columns = [np.asarray(content[name], object).reshape(-1)
                   for name in ("imnames", "charBB", "txt")]
        rows = [(str(np.ravel(name)[0]), np.asarray(boxes, float),
                 " ".join(map(str, np.ravel(text))).split())
                for name, boxes, text in zip(*columns, strict=True)]
    except Exception as error:  # SciPy raises almost anything on damaged files
        raise ValueError(f"{path}: not SynthText's gt.mat: {error!r}") from None
    pages = []
    for name, boxes, words in rows:
        count = sum(map(len, words))
        quads = boxes.reshape(2, 4, -1).transpose(2, 1, 0) if boxes.size else np.empty((0, 4, 2))
        if len(quads) != count or not np.isfinite(quads).all():
            raise ValueError(f"{path}: {name}: {len(quads)} good boxes for {count} characters")
        if count:
            pages.append(TextPage(Path(name).stem, path.parent / name,
                                  partial(_written, words, quads)))
    return pages


def _written(words: list[str], quads: np.ndarray) -> list[Characters]:
    ends = np.cumsum([len(word) for word in words])
    return [Characters(word, part)
            for word, part in zip(words, np.split(quads, ends[:-1]), strict=True)]


def read_words(path: Path) -> list[Whole]:
    """The words of an ICDAR file of 2013, 2015 or 2017. ValueError naming the line at fault."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: cannot be read: {error}") from None
    return [_word(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]


def _word(line: str, where: str) -> Whole:
    numbers = re.match(r"\s*(?:-?\d+(?:\.\d+)?\s*(?:[,\s]\s*|$))+", line)
    values = [float(part) for part in re.findall(r"-?\d+(?:\.\d+)?", numbers[0])] if numbers else []
    # Digits may begin the text as well: only as many as make a box belong to it.
    count = next((count for count in (8, 4) if len(values) >= count), 0)
    if not count:
        raise ValueError(f"{where}: expected x1,y1,...,x4,y4,text or left,top,right,bottom,text, "
                         f"got {line[:60]!r}")
    text = "".join(re.split(r"[,\s]\s*", line.strip(), maxsplit=count)[count:]).strip()
    script, comma, rest = text.partition(",")
    text = (rest if comma and script in SCRIPTS else text).strip().strip('"')
    box = np.array(values[:count])
    quad = box.reshape(4, 2) if count == 8 else box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2)
    return Whole("" if text in UNREADABLE else "".join(text.split()), quad)
