"""Which characters of a page form words, and the quads of those words' characters."""

from collections.abc import Sequence

import numpy as np

from data.characters import Characters

# A character with its ink's left, top, right and bottom; None where a word ends.
Lettered = tuple[str, tuple[float, float, float, float]] | None


def words_of(letters: Sequence[Lettered], hand: bool = False) -> list[Characters]:
    """The words of a run of characters.

    A comma or a hyphen alone would be a small label in a row of large ones: a character is as high
    as the word is there, in print anywhere in the word, in handwriting, which rises and falls, at
    the character and its neighbours.
    """
    words, word = [], []
    for letter in [*letters, None]:
        if letter is not None:
            word.append(letter)
        elif word:
            boxes = np.array([box for _, box in word], float)
            tops, bottoms = boxes[:, 1].copy(), boxes[:, 3].copy()
            reach = 1 if hand else len(word)
            for i in range(len(word)):
                near = slice(max(0, i - reach), i + reach + 1)
                boxes[i, 1], boxes[i, 3] = tops[near].min(), bottoms[near].max()
            quads = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
            words.append(Characters("".join(c for c, _ in word), quads, hand))
            word = []
    return words


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
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    quad = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return [Characters("", np.array([quad], float))]
