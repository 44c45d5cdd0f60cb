import json
import shutil
from dataclasses import fields

import numpy as np
import pytest
from PIL import Image, ImageDraw

from data.synth import fonts
from data.synth.fonts import ASSETS, Faces, font, hanzi_points
from data.synth.words import lines


@pytest.fixture(scope="module")
def faces():
    return Faces.load()


def test_every_group_has_faces_sorted_by_name(faces):
    for group in (getattr(faces, group.name) for group in fields(faces)):
        names = [face.name for face in group]
        assert len(names) >= 4 and names == sorted(names)


def test_print_covers_what_exam_papers_need(faces):
    level_1 = [c for c in fonts.wanted_characters() if "\u4e00" <= c <= "\u9fff"]
    assert len(level_1) >= 3755
    display = ("ma-shan-zheng", "zcool-kuaile")  # titles; other faces lend them what they lack
    for face in (face for face in faces.print_zh if face.name not in display):
        assert face.covers("一、填空题（每题2分）①⑩×÷√∠△°αβ：，。《》 ")
        assert sum(c in face.coverage for c in level_1) >= 3755
    for face in faces.print_latin:
        assert face.covers("The quick brown fox, 12.5% (A)")


def test_comic_faces_cover_what_comics_say(faces):
    kana = "".join(map(chr, [*range(0x3041, 0x3094), *range(0x30A1, 0x30F7), 0x30FC]))
    said = "".join("".join(lines(name)) for name in ("comic_ja", "comic_ja_sounds"))
    for face in faces.comic_ja:
        assert face.covers(kana + "！？、。「」…" + said)
    for face in faces.comic_latin:
        assert face.covers("".join(lines("comic_en") + lines("comic_en_sounds")))
    assert len(fonts.wanted_characters("ja")) < 700  # Chinese faces lend the other hanzi


def test_what_is_beside_some_faces(faces):
    held = ["kiwi-maru", "arphic-song"]
    left = faces.without(faces.others(held))
    assert [face.name for face in left.comic_ja + left.print_zh] == held
    assert left.comic_latin == faces.comic_latin and left.hand_zh == faces.hand_zh


def test_coverage_says_what_can_be_drawn(faces):
    """Probing by drawing and the character maps read at build time agree."""
    seto = next(face for face in faces.hand_zh if face.name == "seto")  # has empty glyphs
    for face in (seto, faces.print_latin[0], faces.hand_latin[0], faces.comic_latin[0]):
        assert fonts._probe_coverage(face.path) == face.coverage


def test_fonts_draw_ink(faces):
    for face in (face for group in fields(faces) for face in getattr(faces, group.name)):
        image = Image.new("L", (40, 40))
        ImageDraw.Draw(image).text((4, 4), "g", 255, font=font(face, 24))
        assert 20 < (np.asarray(image) > 127).sum() < 400, face.name


def test_font_is_cached(faces):
    assert font(faces.print_zh[0], 20) is font(faces.print_zh[0], 20)


def test_hanzi_strokes_lie_in_their_box():
    points, ends = hanzi_points("永")
    assert ends[0] == 0 and ends[-1] == len(points)
    strokes = np.split(points, ends[1:-1])
    assert len(strokes) == 5
    for stroke in strokes:
        assert stroke.dtype == np.float32 and stroke.shape[1] == 2 and len(stroke) >= 2
        assert stroke.min() > -0.1 and stroke.max() < 1.1
    # The first stroke of 永 is the dot on top.
    assert strokes[0][:, 1].mean() < min(stroke[:, 1].mean() for stroke in strokes[1:])
    assert hanzi_points("a") is None


def test_without_leaves_others_and_rejects_unknown(faces):
    left = faces.without(["wen-kai", "caveat"])
    assert [face.name for face in left.print_zh] == [
        face.name for face in faces.print_zh if face.name != "wen-kai"
    ]
    assert left.hand_zh == faces.hand_zh
    with pytest.raises(ValueError, match="no font named.*nosuch.*known: .*caveat"):
        faces.without(["nosuch"])
    with pytest.raises(ValueError, match="nothing is left of.*hand_zh"):
        faces.without([face.name for face in faces.hand_zh])


def test_extra_fonts_are_sorted_by_folder_and_coverage(tmp_path, faces):
    (tmp_path / "hand").mkdir()
    (tmp_path / "print").mkdir()
    by_name = {face.name: face for face in faces.print_latin + faces.hand_zh}
    shutil.copy(by_name["tinos"].path, tmp_path / "print" / "mine.ttf")
    shutil.copy(by_name["seto"].path, tmp_path / "hand" / "yours.woff2")
    more = Faces.load(tmp_path)
    mine = next(face for face in more.print_latin if face.name == "mine")
    assert mine.coverage == by_name["tinos"].coverage
    assert "yours" in [face.name for face in more.hand_zh]


def test_extra_folder_without_fonts_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="hand/.*print/"):
        Faces.load(tmp_path)


def test_broken_extra_font_is_named(tmp_path):
    (tmp_path / "print").mkdir()
    (tmp_path / "print" / "broken.ttf").write_bytes(b"no font")
    with pytest.raises(ValueError, match="broken.ttf.*take it out"):
        Faces.load(tmp_path)


def test_two_fonts_of_one_name_are_an_error(tmp_path, faces):
    (tmp_path / "print").mkdir()
    shutil.copy(faces.print_latin[0].path, tmp_path / "print" / "caveat.ttf")
    with pytest.raises(ValueError, match="'caveat'.*rename"):
        Faces.load(tmp_path)


def test_missing_bundled_font_is_named(tmp_path, monkeypatch):
    for name in ("faces.json", "charset.txt"):
        shutil.copy(ASSETS / name, tmp_path / name)
    monkeypatch.setattr(fonts, "ASSETS", tmp_path)
    fonts._bundled_faces.cache_clear()
    try:
        with pytest.raises(ValueError, match="liu-jian-mao-cao.woff2: missing; .*build.py"):
            Faces.load()
    finally:
        monkeypatch.undo()
        fonts._bundled_faces.cache_clear()


def test_assets_stay_small_and_licensed():
    total = sum(path.stat().st_size for path in ASSETS.rglob("*") if path.is_file())
    assert total < 25e6
    listed = {entry["file"] for entry in json.loads((ASSETS / "faces.json").read_text("utf-8"))}
    there = {
        path.relative_to(ASSETS).as_posix()
        for role in ("hand", "print", "comic")
        for path in (ASSETS / role).iterdir()
    }
    assert listed == there
    assert len(list((ASSETS / "licences").glob("*.txt"))) >= 20
