"""Which characters of a page form words, and the quads of those words' characters."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from data.characters import Characters

# Of a word's height: wider gaps end a word, those after wide punctuation in Chinese, say.
GAP = 0.5
NARROW = 0.5  # of its height: a narrower character uses the room beside its ink

# A character with its ink's left, top, right and bottom; None where a word ends.
Lettered = tuple[str, tuple[float, float, float, float]] | None


def words_of(letters: Sequence[Lettered], hand: bool = False) -> list[Characters]:
    """The words of a run of characters, which end at blanks and wide gaps.

    A comma or a hyphen alone would be a small label in a row of large ones: a character is as high
    as the word is there, in print anywhere in the word, in handwriting, which rises and falls, at
    the character and its neighbours.
    """
    words = []
    for word in _runs(letters):
        boxes = np.array([box for _, box in word], float)
        tops, bottoms = boxes[:, 1].copy(), boxes[:, 3].copy()
        reach = 1 if hand else len(word)
        for i in range(len(word)):
            near = slice(max(0, i - reach), i + reach + 1)
            boxes[i, 1], boxes[i, 3] = tops[near].min(), bottoms[near].max()
        _widen(boxes)
        quads = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
        words.append(Characters("".join(c for c, _ in word), quads, hand))
    return words


def _widen(boxes: np.ndarray) -> None:
    """Let a word's narrow boxes, N,4, use the room between their neighbours' ink."""
    lacking = np.maximum(NARROW * (boxes[:, 3] - boxes[:, 1]) - (boxes[:, 2] - boxes[:, 0]), 0) / 2
    room = np.maximum(boxes[1:, 0] - boxes[:-1, 2], 0) / 2
    boxes[:, 0] -= np.minimum(lacking, np.append(np.inf, room))
    boxes[:, 2] += np.minimum(lacking, np.append(room, np.inf))


def _runs(letters: Sequence[Lettered]) -> Iterator[list[Lettered]]:
    """The letters of each word, none of them None."""
    for filled, run in groupby(letters, lambda letter: letter is not None):
        word: list[Lettered] = []
        run = list(run) if filled else []
        tallest = max((bottom - top for _, (_, top, _, bottom) in run), default=0)
        for letter in run:
            if word and letter[1][0] - word[-1][1][2] > GAP * tallest:
                yield word
                word = []
            word.append(letter)
        if word:
            yield word


def joined(words: list[Characters]) -> list[Characters]:
    """One word of all of them, in their order; none of none."""
    if not words:
        return []
    return [Characters("".join(word.text for word in words),
                       np.concatenate([word.quads for word in words]), words[0].hand)]


def place(alpha: np.ndarray) -> list[Characters]:
    """A place of unknown text: what is covered in uint8 (H, W); none where nothing is."""
    rows, columns = (np.flatnonzero(alpha.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return []
    return [unknown(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)]


def unknown(left: float, top: float, right: float, bottom: float) -> Characters:
    """A place of unknown text: this box."""
    quad = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return Characters("", np.array([quad], float))
