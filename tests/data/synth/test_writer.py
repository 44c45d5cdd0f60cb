import cv2
import numpy as np
import pytest

from data.synth import answers, pens, writer
from data.synth.fonts import ASSETS, Faces
from data.synth.hand import Hand, letters
from data.synth.person import Person
from data.synth.sheet import Box, Sheet, Slot, TextLine
from data.synth.strokes import InkCanvas, Touch
from data.synth.student import Student
from data.synth.writer import is_bookish, write_on

KINDS = (
    "blank",
    "choice",
    "judge",
    "number",
    "line",
    "grid",
    "work",
    "column",
    "match",
    "option",
    "name",
    "margin",
    "figure",
)
MEDIA = {
    "gel",
    "ballpoint",
    "pencil",
    "fountain",
    "highlighter",
    "crayon",
    "dirt",
    "stain",
    "paint",
    "tape",
}


@pytest.fixture(scope="module")
def faces():
    return Faces.load()


def exam(height=700, width=520, print_height=20.0):
    """A sheet with one slot of every kind and some lines of print, all of it bare paper."""
    texts = {
        "choice": "B",
        "judge": "T",
        "column": "864÷4=216",
        "match": "2031",
        "number": "1/8",
        "option": "C",
    }
    slots = [
        Slot(
            kind,
            Box(60 + 230 * (i % 2), 20 + 90 * (i // 2), 160, 70),
            texts.get(kind, ""),
            "math" if kind in ("number", "column", "work") else "zh",
            20,
        )
        for i, kind in enumerate(KINDS)
    ]
    lines = [
        TextLine(Box(30, 30 + 60 * i, 420, 20), "春天来了小河里的冰融化了我们去公园")
        for i in range(10)
    ]
    return Sheet(np.full((height, width, 3), 255, np.uint8), slots, lines, [], print_height, "math")


def layers_of(seed, faces, sheet=None, **options):
    return write_on(sheet or exam(), np.random.default_rng(seed), faces, **options)


def test_layers_are_what_capture_expects(faces):
    for seed in range(25):
        for layer in layers_of(seed, faces):
            assert layer.alpha.dtype == np.uint8 and layer.alpha.shape == (700, 520)
            assert layer.alpha.flags.c_contiguous and layer.alpha.any()
            assert layer.medium in MEDIA
            assert 0 < layer.strength <= 1
            assert len(layer.colour) == 3 and all(0 <= c <= 1 for c in layer.colour)


def test_one_seed_writes_the_same_bytes_whatever_was_written_before(faces):
    first = layers_of(7, faces)
    layers_of(8, faces)
    again = layers_of(7, Faces.load())
    assert len(first) == len(again)
    for one, two in zip(first, again, strict=True):
        assert np.array_equal(one.alpha, two.alpha)
        assert (one.colour, one.strength, one.medium) == (two.colour, two.strength, two.medium)


def test_pages_differ_in_how_much_is_written(faces):
    shares = []
    for seed in range(40):
        ink = np.zeros((700, 520))
        for layer in layers_of(seed, faces):
            if layer.medium not in ("dirt", "stain", "tape", "highlighter"):
                ink = np.maximum(ink, layer.alpha)
        shares.append((ink > 60).mean())
    assert 0.01 < np.mean(shares) < 0.08
    assert np.max(shares) > 3 * np.min(shares)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_slot_is_written_into(kind, faces):
    sheet = exam()
    sheet.slots = [slot for slot in sheet.slots if slot.kind == kind]
    box = sheet.slots[0].box
    window = np.s_[
        max(0, int(box.top) - 25) : int(box.bottom) + 25,
        max(0, int(box.left) - 25) : int(box.right) + 25,
    ]
    inside = total = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        person = Person(rng, sheet, faces, pens.print_like_pen(rng, 20))
        student = Student(rng, sheet, person)
        student.diligence, student.option_style = 1.0, "ring"
        student.fill()
        if (layer := person.layer()) is not None:
            inside += int((layer.alpha[window] > 100).sum())
            total += int((layer.alpha > 100).sum())
    assert total > 100
    assert inside > 0.8 * total


def test_match_lines_end_at_the_right_dots(faces):
    sheet = exam()
    sheet.slots = [Slot("match", Box(100, 100, 300, 320), "2031", "math", 100)]
    rng = np.random.default_rng(0)
    person = Person(rng, sheet, faces, pens.print_like_pen(rng, 20))
    student = Student(rng, sheet, person)
    student.diligence = student.skill = 1.0
    student.fill()
    starts = [stroke.points[0] for stroke in person.canvas._strokes]
    ends = [stroke.points[-1] for stroke in person.canvas._strokes]
    for row, target in enumerate((2, 0, 3, 1)):
        assert starts[row] == pytest.approx((100, 110 + 100 * row), abs=20)
        assert ends[row] == pytest.approx((400, 110 + 100 * target), abs=20)


def test_stamps_and_dirt_follow_their_flags(faces):
    kept = dropped = 0
    for seed in range(80):
        for layer in layers_of(seed, faces, stamps_kept=True, dirt_kept=True):
            kept += layer.keep
            assert layer.keep or layer.medium not in ("dirt", "stain")
        for layer in layers_of(seed, faces, stamps_kept=False, dirt_kept=False):
            dropped += layer.keep
    assert kept > 5 and dropped == 0


def test_flags_change_nothing_but_what_is_kept(faces):
    for seed in range(20):
        one = layers_of(seed, faces, stamps_kept=True, dirt_kept=True)
        two = layers_of(seed, faces, stamps_kept=False, dirt_kept=False)
        assert all(np.array_equal(a.alpha, b.alpha) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("size", [(1, 1), (64, 64), (600, 800)])
def test_pages_of_any_size(size, faces):
    for seed in range(6):
        sheet = exam(*size)
        for layer in layers_of(seed, faces, sheet):
            assert layer.alpha.shape == size


def test_a_blank_sheet_is_fine(faces):
    for seed in range(10):
        layers_of(seed, faces, Sheet(np.full((80, 90, 3), 255, np.uint8)))


def test_pages_with_notes_in_the_margin_are_read():
    sheet = exam()
    assert not is_bookish(sheet)
    sheet.slots = [slot for slot in sheet.slots if slot.kind in ("margin", "figure")]
    assert is_bookish(sheet)


def test_pencils_go_down_to_five_grey_levels():
    levels = []
    for seed in range(300):
        pen = pens.pencil(np.random.default_rng(seed), 24)
        levels.append(255 * pen.strength * (1 - np.mean(pen.colour)))
    assert 4.5 < min(levels) < 8 and max(levels) > 100


def test_some_pens_look_like_print():
    made = [pens.print_like_pen(np.random.default_rng(seed), 24) for seed in range(60)]
    assert all(max(pen.colour) <= 0.2 and pen.strength > 0.9 for pen in made)
    widths = [pen.touch.width for pen in made]
    assert 1.2 <= min(widths) < 1.6 and 3.8 < max(widths) <= 0.18 * 24


def test_some_pens_are_broad_and_blue():
    pens_used = [writer._student_pen(np.random.default_rng(seed), 20) for seed in range(600)]
    blue = [pen.touch.width for pen in pens_used if pen.colour[2] > pen.colour[0] + 0.3]
    assert 2 < sum(width > 0.14 * 20 for width in blue) < 40


def test_what_is_written_large_leaves_the_rest_as_it_is(faces, monkeypatch):
    added = 0
    for seed in range(8):
        monkeypatch.setattr(writer, "_LARGE", 0.0)
        usual = layers_of(seed, faces)
        monkeypatch.setattr(writer, "_LARGE", 1.0)
        sheet = exam()
        sheet.words = []
        layers = layers_of(seed, faces, sheet)
        for layer in usual:
            assert any(np.array_equal(layer.alpha, other.alpha) for other in layers)
        heights = [np.ptp(quad[:, 1]) for word in sheet.words if word.hand for quad in word.quads]
        added += len(layers) - len(usual) == 1 and max(heights) > 2.4 * sheet.print_height
    assert added > 5


def test_ghosts_are_hardly_there():
    for seed in range(60):
        pen = pens.rubbed_out(np.random.default_rng(seed), 24)
        levels = 255 * pen.strength * (1 - np.mean(pen.colour))
        assert pens.FAINTEST - 0.1 < levels < 3 * pens.FAINTEST + 0.1


def glyph(hand, text, seed):
    rng = np.random.default_rng(seed)
    canvas = InkCanvas(60, 200, Touch(2.5))
    canvas.add(hand.write(text, 12, 30, 32, rng)[0])
    return canvas.render(rng)


def test_a_hand_never_repeats_itself_but_stays_itself(faces):
    for seed in range(8):
        hand = Hand(np.random.default_rng(seed), faces, 2.5)
        one, two = glyph(hand, "永a7", 1), glyph(hand, "永a7", 2)
        assert one.any() and not np.array_equal(one, two)
        assert np.array_equal(one, glyph(hand, "永a7", 1))


def test_people_write_differently(faces):
    hands = [Hand(np.random.default_rng(seed), faces, 2.5) for seed in range(30)]
    assert len({hand.ways["7"] for hand in hands}) >= 3
    assert {hand.hanzi_face is None for hand in hands} == {True, False}
    assert {hand.letter_face is None for hand in hands} == {True, False}


def test_estimated_width_is_near_the_written_one(faces):
    for seed in range(12):
        rng = np.random.default_rng(seed)
        hand = Hand(rng, faces, 2.5)
        for text in ("春天来了", "1208×7=8456"):
            _, right = hand.write(text, 0, 0, 30, rng)
            assert hand.width(text, 30) == pytest.approx(right, rel=0.45)


def test_exponents_are_small_and_high(faces):
    for seed in range(12):
        hand = Hand(np.random.default_rng(seed), faces, 2.5)
        lettered = []
        _, right = hand.write("10^18+7", 0, 0, 30, np.random.default_rng(seed), lettered)
        assert "".join(character for character, _ in lettered) == "1018+7"
        high = [bottom - top for _, (_, top, _, bottom) in lettered]
        feet = [bottom for _, (_, _, _, bottom) in lettered]
        assert high[3] < 0.8 * high[1] and high[3] < 0.8 * high[5]
        assert feet[3] < feet[1] - 6 and feet[3] < feet[5] - 6
        assert hand.width("10^18+7", 30) == pytest.approx(right, rel=0.45)
        assert hand.width("10^18", 30) < hand.width("1018", 30)


def test_unknown_characters_leave_a_gap(faces):
    hand = Hand(np.random.default_rng(0), faces, 2.5)
    written, right = hand.write("\u2fff", 0, 0, 30, np.random.default_rng(0))
    assert written == [] and right > 0


def pieces(ink):
    """How many parts of more than two pixels do not hang together."""
    sizes = cv2.connectedComponentsWithStats(ink.astype(np.uint8))[2][1:, cv2.CC_STAT_AREA]
    return int((sizes > 2).sum())


@pytest.mark.parametrize(("stem", "height"), [(2.0, 40), (4.0, 90)])
@pytest.mark.parametrize("name", ["liu-jian-mao-cao", "long-cang", "zhi-mang-xing"])
def test_a_pen_thinner_than_a_brush_leaves_no_crumbs(name, stem, height, faces):
    (face,) = (face for face in faces.hand_zh if face.name == name)
    hand = Hand(np.random.default_rng(1), Faces((), (), (), ()), stem)
    hand.hanzi_face = face
    whole = written = 0
    for character in "我忘不了的教室里验":
        (patch,), _ = hand.write(character, 0.5 * height, height, height, np.random.default_rng(2))
        canvas = InkCanvas(2 * height, 2 * height, Touch(stem))
        canvas.add([patch])
        written += pieces(canvas.render(np.random.default_rng(0)) > 100)
        patch.growth = max(0, patch.growth)
        canvas.add([patch])
        whole += pieces(canvas.render(np.random.default_rng(0)) > 100)
    assert written <= 1.3 * whole


def test_letters_cover_what_is_written():
    assert set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-×÷=<>().,") <= set(
        letters()
    )
    assert all(len(letters()[digit]) >= 3 for digit in "0123456789")


def test_a_broken_line_of_letters_is_named(tmp_path, monkeypatch):
    (tmp_path / "letters.txt").write_text("a 1,2 3", encoding="utf-8")
    monkeypatch.setattr("data.synth.hand.ASSETS", tmp_path)
    letters.cache_clear()
    try:
        with pytest.raises(ValueError, match=r"letters.txt:1: expected"):
            letters()
        (tmp_path / "letters.txt").unlink()
        with pytest.raises(ValueError, match="missing"):
            letters()
    finally:
        monkeypatch.setattr("data.synth.hand.ASSETS", ASSETS)
        letters.cache_clear()


@pytest.mark.parametrize(
    "text", ["27+15=42", "100-38=62", "27×15=405", "27×5=135", "945÷27=35", "864÷4=216", "9÷7=1"]
)
def test_sums_in_columns_end_in_what_is_right(text):
    rows = answers.in_columns(text)
    if "÷" in text:
        dividend, divisor = (int(part) for part in text.split("=")[0].split("÷"))
        assert int(rows[0].text) == dividend // divisor
        assert int(rows[-1].text) == dividend % divisor
    else:
        assert rows[-1].text == text.split("=")[1]


def test_partial_products_move_to_the_left():
    rows = answers.in_columns("27×15=405")
    assert [(row.text, row.right) for row in rows[2:4]] == [("135", 0), ("27", -1)]


def test_what_is_no_sum_has_no_columns():
    assert answers.in_columns("") is None
    assert answers.in_columns("x=3") is None
    assert answers.in_columns("5÷0=") is None


@pytest.mark.parametrize(("kind", "text"), [("choice", "B"), ("judge", "T"), ("number", "144")])
def test_wrong_answers_are_wrong_and_of_the_same_kind(kind, text):
    for seed in range(20):
        wrong = answers.spoiled(np.random.default_rng(seed), kind, text)
        assert wrong != text and len(wrong) == len(text)


def test_a_printed_division_gets_its_steps_alone(faces):
    """The dividend stands in print between the places for quotient and steps."""
    sheet = exam()
    quotient = Slot("number", Box(120, 100, 3.7 * 14, 20), "81", "math", 20)
    sheet.slots = [quotient, Slot("column", Box(100, 145, 70, 72), "243÷3=81", "math", 18)]
    rng = np.random.default_rng(1)
    person = Person(rng, sheet, faces, pens.print_like_pen(rng, 20))
    student = Student(rng, sheet, person)
    student.diligence, student.hesitation, person.size = 1.0, 0.0, 1.0
    student.fill()
    printed = np.s_[126:140, 100:190]
    ink = person.layer().alpha > 100
    assert ink[145:225, 100:190].sum() > 100
    assert ink[printed].sum() < 0.05 * ink.sum()


def test_every_page_has_something_on_it(faces):
    for seed in range(30):
        sheet = exam()
        sheet.slots = [slot for slot in sheet.slots if slot.kind == "option"]
        assert layers_of(seed, faces, sheet)
