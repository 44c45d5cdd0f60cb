import json

import cv2
import numpy as np
import pytest

from data.characters import Characters, read_json
from data.synth import __main__ as command
from data.synth.capture import Pair, as_visible
from data.synth.content.canvas import Canvas, Type
from data.synth.fonts import Faces
from data.synth.lettering import joined, place, words_of
from data.synth.page import SynthOptions, crops, render
from data.synth.pens import student_pen
from data.synth.person import Person
from data.synth.sheet import Box, Sheet
from data.synth.writer import _left_bare

FACES = Faces.load(None)


def covered(words, shape):
    """Which pixels the characters' quads reach into."""
    mask = np.zeros(shape, np.uint8)
    for word in words:
        for quad in word.quads:
            cv2.fillConvexPoly(mask, np.rint((quad - 0.5) * 16).astype(np.int32), 1, shift=4)
    return mask.astype(bool)


def kind(**how):
    return Type(FACES.print_zh[0], FACES.print_latin[0], 40, **how)


def test_words_end_at_blanks_and_are_of_one_height():
    letters = [("a", (0, 10, 8, 20)), ("b", (9, 12, 18, 22)), None, None, ("c", (20, 4, 28, 20))]
    one, other = words_of(letters)
    assert (one.text, other.text, one.hand) == ("ab", "c", False)
    np.testing.assert_array_equal(one.quads[1], [[9, 10], [18, 10], [18, 22], [9, 22]])
    np.testing.assert_array_equal(other.quads[0], [[20, 4], [28, 4], [28, 20], [20, 20]])
    assert words_of([None]) == [] and joined([]) == []
    (both,) = joined([one, other])
    assert both.text == "abc" and both.quads.shape == (3, 4, 2)


def test_words_end_at_gaps_of_half_their_height():
    """As after a full-width comma."""
    letters = [("字", (0, 0, 19, 20)), ("，", (21, 16, 24, 22)), ("体", (33.9, 0, 53, 20))]
    assert [word.text for word in words_of(letters)] == ["字，体"]
    letters[2] = ("体", (34.1, 0, 53, 20))
    assert [word.text for word in words_of(letters)] == ["字，", "体"]


def test_narrow_characters_use_the_room_beside_them():
    """A full stop's own box would be too narrow for a label that shows."""
    letters = [("1", (2, 0, 6, 20)), (".", (9, 18, 11, 20)), ("5", (12, 0, 22, 20))]
    (word,) = words_of(letters)
    np.testing.assert_array_equal(word.quads[:, :2, 0], [[-1, 7.5], [7.5, 11.5], [12, 22]])


def test_handwriting_is_as_high_as_it_is_nearby():
    """Written uphill, a word's end is not as low as its beginning."""
    boxes = [(10.0 * i, 100 - 10 * i, 10 * i + 8, 120 - 10 * i) for i in range(6)]
    (word,) = words_of([("x", box) for box in boxes], hand=True)
    assert word.hand
    np.testing.assert_array_equal(word.quads[3, 0], [29, 60])
    np.testing.assert_array_equal(word.quads[3, 2], [39, 100])


@pytest.mark.parametrize("how", [
    {}, {"slant": 0.25}, {"stretch": 1.4}, {"stretch": 0.7, "slant": 0.2}, {"spacing": 0.3},
    {"tight": True, "air": 0.2}, {"pitch": 1.1},
], ids=str)
def test_printed_characters_are_where_their_ink_is(how):
    canvas = Canvas(1100, 200, FACES, chars=True)
    canvas.text(30.4, 60.7, "Ag, 字体（jp） 12__ok", kind(**how))
    assert "".join(word.text for word in canvas.words) == "Ag,字体（jp）12ok"
    ink = canvas.pixels[..., 0] < 128
    blanks = np.zeros_like(ink)  # the underscores are no characters
    quads = np.concatenate([word.quads for word in canvas.words])
    blanks[:, int(quads[-3, 2, 0]) : int(quads[-2, 0, 0])] = True
    assert not (ink & ~blanks & ~covered(canvas.words, ink.shape)).sum() > 0.01 * ink.sum()
    for word in canvas.words:
        assert covered([word], ink.shape)[ink].sum() > 30
        assert len(word.quads) == len(word.text)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_turned_print(quarters):
    canvas = Canvas(400, 400, FACES, chars=True)
    canvas.turned(200, 210, "Turned 字", kind(), quarters)
    ink = canvas.pixels[..., 0] < 128
    assert [word.text for word in canvas.words] == ["Turned", "字"]
    assert (ink & ~covered(canvas.words, ink.shape)).sum() < 0.01 * ink.sum()
    reading = canvas.words[0].quads[-1].mean(axis=0) - canvas.words[0].quads[0].mean(axis=0)
    expected = [(1, 0), (0, -1), (-1, 0), (0, 1)][quarters]  # counter-clockwise, y down
    assert reading @ expected > 0.99 * np.linalg.norm(reading)
    top = canvas.words[0].quads[0]
    assert np.linalg.det([top[1] - top[0], top[3] - top[0]]) > 0  # turned, not mirrored


def texts(canvas):
    return [word.text for word in canvas.words]


def test_a_word_goes_on_in_the_next_run():
    canvas = Canvas(900, 200, FACES, chars=True)
    end = canvas.text(30, 50, "(3)", kind())
    end = canvas.text(end, 50, "比一", kind(bold=0.05))
    end = canvas.text(end, 50, "比 ", kind())
    assert texts(canvas) == ["(3)比一比"]
    word = canvas.words[0]
    assert np.ptp(word.quads[:, 0, 1]) == 0 and (np.diff(word.quads[:, 0, 0]) > 0).all()
    end = canvas.text(end, 50, "再", kind())  # after a blank
    end = canvas.text(end + 25, 50, "填", kind())  # after a gap
    canvas.text(end, 100, "写", kind())  # on another line
    canvas.text(30, 50, "前", kind())  # on the same line, before
    assert texts(canvas) == ["(3)比一比", "再", "填", "写", "前"]


def test_slanted_print_does_not_go_on_upright():
    canvas = Canvas(900, 200, FACES, chars=True)
    end = canvas.text(30, 50, "see", kind(slant=0.2))
    end = canvas.text(end, 50, "n", kind(slant=0.2))
    canvas.text(end, 50, "by", kind())
    assert texts(canvas) == ["seen", "by"]


def test_a_printed_column_is_one_word():
    canvas = Canvas(200, 400, FACES, chars=True)
    canvas.column(100, 20, "第一课文", kind())
    (word,) = canvas.words
    assert word.text == "第一课文" and (np.diff(word.quads[:, 0, 1]) > 30).all()


@pytest.mark.parametrize("seed", range(4))
def test_written_characters_are_where_their_ink_is(seed):
    """Strokes and handwritten fonts, along and upwards."""
    rng = np.random.default_rng(seed)
    sheet = Sheet(np.full((500, 900, 3), 255, np.uint8), words=[])
    person = Person(rng, sheet, FACES, student_pen(rng, 28))
    person.text("手写的 hand 42", 60, 100, 60)
    person.answer("张三丰", Box(700, 150, 60, 300), 40)
    ink = person.layer().alpha > 128
    assert all(word.hand for word in sheet.words)
    assert [word.text for word in sheet.words] == ["手写的", "hand", "42", "张三丰"]
    assert (ink & ~covered(sheet.words, ink.shape)).sum() < 0.04 * ink.sum()  # joins stick out
    for word in sheet.words:
        for quad in word.quads:
            assert covered([word._replace(quads=quad[None])], ink.shape)[ink].any()
    upwards = sheet.words[-1].quads.mean(axis=1)
    assert (np.diff(upwards[:, 1]) < 0).all() and np.ptp(upwards[:, 0]) < 20


def test_what_is_not_asked_for_is_not_listed_and_pixels_stay_the_same():
    for kind_of_page in ("exam", "notes"):
        plain, told = (render(5, 1, kind_of_page, (300, 400), SynthOptions(chars=chars))
                       for chars in (False, True))
        assert plain.words is None and told.words
        for name in ("image", "gt", "ink"):
            np.testing.assert_array_equal(getattr(plain, name), getattr(told, name))


@pytest.mark.parametrize("capture", ["scan", "photo"])
def test_characters_are_followed_through_the_capture(capture):
    """Where quads are there is print, dark beside the paper around it."""
    options = SynthOptions(capture=capture, chars=True, print_height=(24, 26))
    found = []
    for index in range(3):
        page = render(9, index, "clean", (700, 900), options)
        grey = cv2.cvtColor(page.image, cv2.COLOR_RGB2GRAY)
        paper = cv2.medianBlur(cv2.dilate(grey, np.ones((25, 25))), 25)
        dark = paper.astype(int) - grey > 25  # blurred ones are pale
        quads = [quad for word in page.words if word.text for quad in word.quads]
        for quad in quads:
            here = covered([page.words[0]._replace(quads=quad[None])], grey.shape)
            found.append((dark[here].mean() if here.any() else 0) > 0.05)
    assert len(found) > 100 and np.mean(found) > 0.95


def test_crops_have_the_words_of_the_page():
    options = SynthOptions(chars=True)
    for crop in crops(4, 0, 200, per_page=4, options=options):
        for word in crop.words:
            middles = word.quads.mean(axis=1)
            assert (middles >= 0).all() and (middles <= 200).all()
            assert len(word.quads) == max(1, len(word.text))


def test_writing_too_faint_to_count_as_ink_is_a_place_of_unknown_text():
    page = render(4242, 10, size=(640, 800), options=SynthOptions(chars=True))
    ink = cv2.absdiff(page.image, page.gt).max(axis=-1)
    strongest = {"written": [], "unknown": []}
    for word in page.words:
        if word.hand or not word.text:
            here = covered([word], ink.shape)
            strongest["written" if word.text else "unknown"].append(ink[here].max())
    assert len(strongest["written"]) > 5 and len(strongest["unknown"]) > 5
    assert np.median(strongest["written"]) > 20 and min(strongest["unknown"]) > 3
    assert max(strongest["unknown"]) <= 20


def test_writing_at_the_rim_may_be_seen_or_not():
    image = np.full((40, 50, 3), 200, np.uint8)
    for x in (0, 50):
        word = Characters("l", np.array([[[x, 5], [x, 5], [x, 30], [x, 30]]], float), hand=True)
        pair = Pair(image, image, image[..., 0])
        assert as_visible(word, pair).text == ""
        pair.image = image - 21
        assert as_visible(word, pair) is word


def test_a_stamp_is_a_place_of_unknown_text():
    alpha = np.zeros((40, 50), np.uint8)
    assert place(alpha) == []
    alpha[10:20, 5:45] = 9
    (word,) = place(alpha)
    assert word.text == "" and word.quads.tolist() == [[[5, 10], [45, 10], [45, 20], [5, 20]]]


def test_characters_beside_correction_tape_stay_listed():
    """Of a line of writing the tape covers a few characters, the rest can still be read."""
    quads = [[[x, 5], [x + 9, 5], [x + 9, 20], [x, 20]] for x in range(0, 50, 10)]
    word = Characters("一二三四五", np.array(quads, float), hand=True)
    assert _left_bare(word, [Box(60, 0, 9, 30)]) == [word]
    before, after = _left_bare(word, [Box(21, 8, 9, 8)])
    assert (before.text, after.text, after.hand) == ("一二", "四五", True)
    np.testing.assert_array_equal(after.quads, word.quads[3:])
    (rest,) = _left_bare(word, [Box(0, 8, 11, 8), Box(9, 8, 22, 8)])
    assert rest.text == "四五"
    assert _left_bare(word, [Box(0, 0, 50, 30)]) == []
    (stamp,) = place(np.full((20, 30), 9, np.uint8))
    assert _left_bare(stamp, [Box(0, 0, 30, 20)]) == []


def test_the_command_writes_characters_if_asked(tmp_path):
    arguments = ["--pages", "2", "--seed", "1", "--size", "200x260", "--workers", "1"]
    assert command.main(["--out", str(tmp_path / "plain"), *arguments]) == 0
    assert not (tmp_path / "plain" / "chars").exists()
    assert command.main(["--out", str(tmp_path / "told"), *arguments, "--chars"]) == 0
    for number, path in enumerate(sorted((tmp_path / "told" / "chars").iterdir())):
        words = render(1, number, size=(200, 260), options=SynthOptions(chars=True)).words
        content = json.loads(path.read_text(encoding="utf-8"))
        assert (content["width"], content["height"]) == (200, 260)
        assert [word.text for word in read_json(path)] == [word.text for word in words]
    assert command.main(["--out", str(tmp_path / "told"), *arguments, "--chars"]) == 2
