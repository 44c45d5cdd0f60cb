import cv2
import numpy as np
import pytest

from data.synth.comic import page
from data.synth.comic.page import make_comic
from data.synth.comic.speech import LANGUAGES, draw_voice, heard, said
from data.synth.fonts import Faces

FACES = Faces.load()


def comic(seed, width=500, height=700, print_height=16.0):
    return make_comic(np.random.default_rng(seed), width, height, print_height, FACES)


@pytest.mark.parametrize(
    ("width", "height", "print_height"), [(1, 1, 20), (40, 700, 8), (300, 60, 60), (640, 900, 14)]
)
def test_any_size_can_be_drawn(width, height, print_height):
    sheet = comic(3, width, height, print_height)
    assert sheet.ink.shape == sheet.lettered.shape == (height, width, 3)
    assert sheet.letters.shape == (height, width) and sheet.letters.dtype == np.uint8
    assert sheet.print_height == print_height


@pytest.mark.parametrize("seed", range(6))
def test_pages_differ_in_their_letters_alone(seed):
    sheet = comic(seed)
    differ = (sheet.ink != sheet.lettered).any(axis=2)
    assert not differ[sheet.letters == 0].any()
    assert 0.005 < differ.mean() < 0.4
    assert (sheet.ink < 100).any(axis=2).mean() > 0.01  # the artwork stays


def test_bubbles_stay(monkeypatch):
    """What stands in a bubble has the bubble's colour below it, in both pages around it."""
    drawn = []
    usual = page.bubbles.draw_bubble

    def draw_bubble(canvas, look, parts, fill, strength=1.0, rim=True):
        drawn.append((parts[0], fill, strength))
        return usual(canvas, look, parts, fill, strength, rim)

    monkeypatch.setattr(page.bubbles, "draw_bubble", draw_bubble)
    monkeypatch.setattr(page.Look, "tone", lambda self, h, w: np.ones((h, w), np.float32))
    sheet = comic(2)
    checked = 0
    for outline, fill, strength in drawn:
        mask = np.zeros(sheet.letters.shape, np.uint8)
        cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
        inner = cv2.erode(mask, np.ones((9, 9), np.uint8)).astype(bool)
        if strength == 1 and (sheet.letters[inner] > 200).any():
            # Another bubble may lie over a corner of this one.
            assert (sheet.ink[inner] == fill).all(axis=1).mean() > 0.6
            checked += 1
    assert checked > 1


def test_sounds_go_behind_bubbles():
    piece = page._Piece(np.full((10, 20), 200, np.uint8), -4, 2, page.Ink((0, 0, 0)))
    bubble = np.zeros((30, 30), np.uint8)
    bubble[:, 8:] = 255
    hidden = page._hidden(piece, bubble)
    assert (hidden[:, :12] == 200).all() and not hidden[:, 12:].any()
    assert (piece.mask == 200).all()


def test_one_seed_one_page():
    one, same, other = comic(5), comic(5), comic(6)
    assert np.array_equal(one.lettered, same.lettered) and np.array_equal(one.ink, same.ink)
    assert not np.array_equal(one.lettered, other.lettered)


def test_all_languages_speak_in_faces_that_have_their_letters():
    rng = np.random.default_rng(0)
    found = {language: set() for language in LANGUAGES}
    for _ in range(60):
        voice = draw_voice(rng, FACES)
        for text in (said(rng, voice), said(rng, voice), heard(rng, voice)):
            assert text.strip()
            found[voice.language].add(text)
        kana = [c for c in said(rng, voice) if "\u3041" <= c <= "\u30ff"]
        assert voice.body.covers("".join(kana))
    assert all(len(texts) > 15 for texts in found.values())
    assert any("\u3041" <= c <= "\u3096" for text in found["ja"] for c in text)


def test_faces_can_be_held_out():
    left = FACES.without([face.name for face in FACES.comic_ja[1:]])
    rng = np.random.default_rng(0)
    names = {draw_voice(rng, left).body.name for _ in range(40)}
    assert not names & {face.name for face in FACES.comic_ja[1:]}
