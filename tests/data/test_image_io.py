import os
import re
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from data.image_io import (
    encode_image,
    expand_inputs,
    list_images,
    passed_over,
    read_grey,
    read_image,
    write_image,
)

ROWS, COLUMNS = np.mgrid[:24, :36]
PAGE = np.dstack([ROWS * 9 + 20, COLUMNS * 6 + 20, 235 - ROWS * 4 - COLUMNS * 3]).astype(np.uint8)
GREY = PAGE[..., 0]
GREY3 = np.repeat(GREY[..., None], 3, axis=2)
ALPHA = (COLUMNS * 7).astype(np.uint8)
OPACITY = ALPHA[..., None] / 255
ON_WHITE = PAGE * OPACITY + 255 * (1 - OPACITY)
GREY_ON_WHITE = GREY3 * OPACITY + 255 * (1 - OPACITY)
# 16 bits whose low bytes matter: rounding, not cutting, is at most one grey level away.
DEEP = PAGE.astype(np.uint16) * 256 + np.uint16(200)
DEEP_ALPHA = ALPHA.astype(np.uint16) * 257
PALETTE = [(0, 0, 0), (200, 30, 40), (255, 255, 255)]
INDICES = (COLUMNS // 12).astype(np.uint8)


def pillow(array, mode=None, **options):
    image = Image.fromarray(array)
    return lambda path: (image.convert(mode) if mode else image).save(path, **options)


def opencv(array, *options):
    def save(path):
        if array.ndim == 3:
            code = cv2.COLOR_RGB2BGR if array.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
            assert cv2.imwrite(str(path), cv2.cvtColor(array, code), options)
        else:
            assert cv2.imwrite(str(path), array, options)
    return save


def palette(**options):
    def save(path):
        image = Image.fromarray(INDICES, "P")
        image.putpalette([level for colour in PALETTE for level in colour])
        image.save(path, **options)
    return save


def coloured(*colours):
    return np.array(colours, np.uint8)[INDICES]


# file name: how it is written, what should be read, by how many grey levels it may be off
KINDS = {
    "grey.png": (pillow(GREY), GREY3, 0),
    "grey.jpg": (pillow(GREY, quality=95), GREY3, 4),
    "bilevel.png": (pillow(GREY, "1"), None, 0),
    "bilevel.tif": (pillow(GREY, "1", compression="group4"), None, 0),
    "grey_alpha.png": (pillow(np.dstack([GREY, ALPHA])), GREY_ON_WHITE, 1),
    "rgb.png": (pillow(PAGE), PAGE, 0),
    "rgb.webp": (pillow(PAGE, lossless=True), PAGE, 0),
    "rgb.jpeg": (pillow(PAGE, quality=95), PAGE, 12),
    "rgba.png": (pillow(np.dstack([PAGE, ALPHA])), ON_WHITE, 1),
    "rgba.tif": (pillow(np.dstack([PAGE, ALPHA])), ON_WHITE, 1),
    "rgba.webp": (pillow(np.dstack([PAGE, ALPHA]), lossless=True, exact=True), ON_WHITE, 1),
    "rgb_key.png": (pillow(PAGE, transparency=(20, 20, 235)), None, 0),
    "palette.png": (palette(), coloured(*PALETTE), 0),
    "palette_key.png": (palette(transparency=0), coloured((255,) * 3, *PALETTE[1:]), 0),
    "palette_alpha.png": (
        palette(transparency=bytes([0, 51, 255])),
        coloured((255,) * 3, (244, 210, 212), (255,) * 3), 1,
    ),
    "grey16.png": (opencv(DEEP[..., 0]), GREY3, 1),
    "grey16.tif": (opencv(DEEP[..., 0]), GREY3, 1),
    "grey16_big_endian.tif": (pillow(DEEP[..., 0].astype(">u2")), GREY3, 1),
    "rgb16.png": (opencv(DEEP), PAGE, 1),
    "rgb16_raw.tif": (opencv(DEEP, cv2.IMWRITE_TIFF_COMPRESSION, 1), PAGE, 1),
    "rgb16_lzw.tif": (opencv(DEEP, cv2.IMWRITE_TIFF_COMPRESSION, 5), PAGE, 1),
    "rgba16.png": (opencv(np.dstack([DEEP, DEEP_ALPHA])), ON_WHITE, 2),
    "rgba16.tif": (opencv(np.dstack([DEEP, DEEP_ALPHA])), ON_WHITE, 2),
    "photo.heic": (pillow(PAGE, quality=95, chroma=444), PAGE, 12),
    "cmyk.jpg": (pillow(PAGE, "CMYK", quality=100), PAGE, 6),
    "cmyk.tif": (pillow(PAGE, "CMYK"), PAGE, 1),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_reads_as_rgb(tmp_path, name):
    write, expected, tolerance = KINDS[name]
    write(tmp_path / name)
    image = read_image(tmp_path / name)
    assert image.dtype == np.uint8
    assert image.shape == PAGE.shape
    image[0, 0] += 1  # it is ours to write into
    image[0, 0] -= 1
    if name.startswith("bilevel"):
        assert set(np.unique(image)) == {0, 255}
        assert abs(image.mean() - GREY.mean()) < 4
    elif name == "rgb_key.png":
        expected = PAGE.copy()
        expected[0, 0] = 255  # the only pixel of the colour that means transparent
    if expected is not None:
        assert np.abs(image - expected.astype(float)).max() <= tolerance + 0.5


def test_deep_grey_is_rounded(tmp_path):
    levels = np.uint16([[0, 128, 129, 257, 32768, 65406, 65407, 65535]])
    cv2.imwrite(str(tmp_path / "a.png"), levels)
    assert read_grey(tmp_path / "a.png").tolist() == [[0, 0, 1, 1, 128, 254, 255, 255]]


def test_deep_grey_with_white_as_0(tmp_path):
    path = tmp_path / "a.tif"
    for photometric, expected in ((0, [255, 128, 0]), (1, [0, 127, 255])):
        path.write_bytes(grey_tiff([0, 127 * 257, -1], photometric=photometric))
        assert read_grey(path).tolist() == [expected]


# EXIF orientation: how the camera stored the upright page
STORED = {
    1: PAGE,
    2: PAGE[:, ::-1],
    3: PAGE[::-1, ::-1],
    4: PAGE[::-1],
    5: PAGE.transpose(1, 0, 2),
    6: np.rot90(PAGE),
    7: PAGE.transpose(1, 0, 2)[::-1, ::-1],
    8: np.rot90(PAGE, -1),
}


@pytest.mark.parametrize(
    "suffix, tolerance", [(".jpg", 12), (".png", 0), (".tif", 0), (".webp", 12)]
)
@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_is_undone(tmp_path, orientation, suffix, tolerance):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a{suffix}"
    Image.fromarray(np.ascontiguousarray(STORED[orientation])).save(path, exif=exif, quality=95)
    assert np.abs(read_image(path).astype(int) - PAGE).max() <= tolerance


@pytest.mark.parametrize("name", ["试卷 第1页.png", "č 'a' [1].png", "a.b.c.png", "UPPER.PNG"])
def test_file_names(tmp_path, name):
    write_image(tmp_path / name, PAGE)
    assert list_images(tmp_path) == [tmp_path / name]
    assert expand_inputs([str(tmp_path / name)]) == [tmp_path / name]
    assert (read_image(tmp_path / name) == PAGE).all()


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".tiff", ".webp"])
@pytest.mark.parametrize("image", [PAGE, GREY, PAGE[:1, :1]], ids=["rgb", "grey", "pixel"])
def test_lossless_round_trip(tmp_path, image, suffix):
    path = tmp_path / f"a{suffix}"
    write_image(path, image)
    assert ((read_image(path) if image.ndim == 3 else read_grey(path)) == image).all()


def test_masks_keep_every_level(tmp_path):
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    write_image(tmp_path / "a.png", levels)
    assert (read_grey(tmp_path / "a.png") == levels).all()


def test_jpeg_keeps_thin_red_lines_red(tmp_path):
    page = np.full((64, 64, 3), 255, np.uint8)
    page[::4] = 220, 20, 30
    write_image(tmp_path / "a.jpg", page)
    assert np.abs(read_image(tmp_path / "a.jpg").astype(int) - page).mean() < 4


@pytest.mark.parametrize(
    "name, shape", [("a.jpg", (1, 70000, 3)), ("a.xyz", (2, 2)), ("a", (2, 2))]
)
def test_what_a_format_cannot_hold(tmp_path, name, shape):
    with pytest.raises(ValueError, match=re.escape(str(tmp_path / name))):
        write_image(tmp_path / name, np.zeros(shape, np.uint8))
    assert not list(tmp_path.iterdir())


def test_full_disk_leaves_no_picture(tmp_path, full_disk):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    with full_disk(2000), pytest.raises(OSError, match="a.png"):
        write_image(tmp_path / "a.png", noise)
    assert not list(tmp_path.iterdir())


def planar_tiff():
    """A TIFF of 2×1 pixels, 16 bits, each colour in a plane of its own."""
    tags = [(256, 3, 1, 2), (257, 3, 1, 1), (258, 3, 3, 134), (259, 3, 1, 1), (262, 3, 1, 2),
            (273, 4, 3, 140), (277, 3, 1, 3), (278, 3, 1, 1), (279, 4, 3, 152), (284, 3, 1, 2)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    extra = struct.pack("<3H", 16, 16, 16) + struct.pack("<6I", 164, 168, 172, 4, 4, 4)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + extra + bytes(12)


def grey_tiff(levels, bits=16, photometric=1, sample=1):
    """A TIFF of one row of grey levels, stored as they are."""
    data = np.asarray(levels, f"<i{bits // 8}").tobytes()
    tags = [(256, 3, 1, len(levels)), (257, 3, 1, 1), (258, 3, 1, bits), (259, 3, 1, 1),
            (262, 3, 1, photometric), (273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 1),
            (279, 4, 1, len(data)), (339, 3, 1, sample)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    start = struct.pack("<I", 8 + len(data))
    return b"II*\0" + start + data + struct.pack("<H", len(tags)) + entries + bytes(4)


def several(*kinds):
    """Writes a TIFF of as many pages, each with its value of tag 254 (1: a thumbnail)."""
    def save(path):
        first, *rest = [Image.fromarray(PAGE) for _ in kinds]
        for image, kind in zip((first, *rest), kinds, strict=True):
            image.encoderinfo = {"tiffinfo": {254: kind}}
        first.save(path, save_all=True, append_images=rest, tiffinfo={254: kinds[0]})
    return save


BAD = {
    "empty.png": (lambda path: path.touch(), "the file is empty"),
    "empty.tif": (lambda path: path.touch(), "the file is empty"),
    "text.png": (lambda path: path.write_text("not a picture"), "not an image of a kind known"),
    "text.tiff": (lambda path: path.write_text("not a picture"), "not an image of a kind known"),
    "folder.png": (lambda path: path.mkdir(), "directory"),
    "folder.tif": (lambda path: path.mkdir(), "directory"),
    "gone.png": (lambda path: None, "no such file"),
    "float.tif": (pillow(PAGE[..., 0].astype(np.float32) / 255), "floating-point"),
    "pages.tif": (several(0, 0, 1), "it holds 2 pages; split it into files of one page each"),
    "planar.tif": (lambda path: path.write_bytes(planar_tiff()), "separate planes"),
    "signed8.tif": (lambda path: path.write_bytes(grey_tiff([1, 2], 8, sample=2)), "signed"),
    "signed16.tif": (lambda path: path.write_bytes(grey_tiff([1, 2], sample=2)), "signed"),
    "deep.tif": (lambda path: path.write_bytes(grey_tiff([1, 2], 32)), "neither 8 nor 16 bits"),
}


@pytest.mark.parametrize("read", [read_image, read_grey])
@pytest.mark.parametrize("name", BAD)
def test_unreadable_files_are_named_with_the_reason(tmp_path, name, read):
    make, reason = BAD[name]
    make(tmp_path / name)
    with pytest.raises(ValueError, match=f"{name}: .*{reason}"):
        read(tmp_path / name)


def test_content_that_was_read_before():
    content = encode_image(PAGE)
    assert (read_image("no/a.png", content) == PAGE).all()
    for bad, reason in ((b"", "the file is empty"), (b"text", "not an image"), (content[:60], "")):
        with pytest.raises(ValueError, match=f"^no/a.png: cannot be read: {reason}"):
            read_image("no/a.png", bad)


def test_an_error_without_words_is_named(tmp_path, monkeypatch):
    write_image(tmp_path / "a.png", PAGE)

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "convert", fail)
    with pytest.raises(ValueError, match="a.png: cannot be read: MemoryError"):
        read_image(tmp_path / "a.png")


def test_a_thumbnail_is_no_second_page(tmp_path):
    several(0, 1)(tmp_path / "a.tif")
    assert (read_image(tmp_path / "a.tif") == PAGE).all()


def test_a_thumbnail_may_come_first(tmp_path):
    several(1, 0)(tmp_path / "a.tif")
    content = bytearray((tmp_path / "a.tif").read_bytes())
    content[content.index(PAGE.tobytes())] ^= 255  # the first frame's first pixel
    assert (read_image(tmp_path / "a.tif", bytes(content)) == PAGE).all()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("kept", [0.05, 0.4, 0.8, 0.95])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp", "a.bmp"])
def test_truncated_files_are_never_read_in_part(tmp_path, name, kept):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = encode_image(noise, (tmp_path / name).suffix)
    (tmp_path / name).write_bytes(content[:int(len(content) * kept)])
    with pytest.raises(ValueError, match=name):
        read_image(tmp_path / name)


def test_list_images(tmp_path):
    for name in ("b.png", "a.JPG", ".hidden.png", "notes.txt", "c.webp", "d.HEIC"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "e.png").symlink_to("nothing")  # whoever reads it says so
    names = ["a.JPG", "b.png", "c.webp", "d.HEIC", "e.png"]
    assert [path.name for path in list_images(tmp_path)] == names
    assert [path.name for path in list_images(tmp_path, (".png",))] == ["b.png", "e.png"]
    for wrong in ("gone", "b.png"):
        with pytest.raises(ValueError, match=f"{wrong}: no such folder"):
            list_images(tmp_path / wrong)


def test_inputs_are_folders_files_and_patterns(tmp_path):
    for name in ("in/b.png", "in/a.jpg", "in/[1].png", "more/d.png", "more/c.tif", "more/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def names(*inputs):
        return [path.name for path in expand_inputs([str(tmp_path / i) for i in inputs])]

    assert names("in") == ["[1].png", "a.jpg", "b.png"]
    assert names("in/b.png", "in") == ["b.png", "[1].png", "a.jpg"]
    assert names("in/[1].png", "more/*.png") == ["[1].png", "d.png"]
    assert names("**/*.tif", "more") == ["c.tif", "d.png"]
    assert names("**/*") == ["[1].png", "a.jpg", "b.png", "c.tif", "d.png"]
    found = expand_inputs([str(tmp_path / "**/*")], [tmp_path / "more", tmp_path / "none"])
    assert [path.name for path in found] == ["[1].png", "a.jpg", "b.png"]
    for above in (tmp_path, tmp_path.parent):  # results beside the pages' folder, or above it
        assert len(expand_inputs([str(tmp_path / "in/*")], [above])) == 3
    with pytest.raises(ValueError, match="in: is the folder of the pages"):
        expand_inputs([str(tmp_path / "in/*")], [tmp_path / "in"])
    assert names("more/*.txt") == names("more/e.txt") == ["e.txt"]  # by name; reading it will tell
    for wrong, message in (("gone", "no such file"), ("more/*.jpg", "no images")):
        with pytest.raises(ValueError, match=message):
            names("in", wrong)
    relative = os.path.relpath(tmp_path / "in" / "b.png")
    assert len(expand_inputs([relative, str(tmp_path / "in" / "b.png")])) == 1


def test_links_are_pages_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("pages", "others"):
        Path(folder).mkdir()
    Path("pages/a.png").touch()
    for link, target in (("pages/b.png", "a.png"), ("pages/gone.png", "nowhere.png"),
                         ("pages/loop.png", "loop.png"), ("others/a.png", "../pages/a.png"),
                         ("way", "pages")):
        Path(link).symlink_to(target)
    names = ["a.png", "b.png", "gone.png", "loop.png"]
    for inputs in (["pages"], ["pages/*.png"], ["pages/gone.png", "pages"], ["way", "pages"],
                   ["pages", "pages/../pages", "others", str(tmp_path / "pages" / "b.png")]):
        assert sorted(path.name for path in expand_inputs(inputs)) == names


def test_what_is_passed_over(tmp_path):
    for name in ("a.png", "b.PDF", "1.mov", "2.MOV", "notes.txt", "README", ".hidden", "o.zip"):
        (tmp_path / name).touch()
    (tmp_path / "below").mkdir()
    inputs = [str(tmp_path), str(tmp_path / "notes.txt"), str(tmp_path / "*.txt"), str(tmp_path)]
    assert list(passed_over(inputs, [tmp_path / "below" / ".." / "o.zip"])) == [
        f"{tmp_path}: 4 other files passed over (2 .mov, 1 without a suffix, 1 .txt)",
        f"{tmp_path}: 1 folder in it passed over; quoted, '{tmp_path}/**/*' takes what is in its "
        "folders, too"]
    assert len(list(passed_over(inputs, [tmp_path / "below"]))) == 1
    assert list(passed_over([str(tmp_path / "below")])) == []


def test_inputs_of_one_stem(tmp_path):
    for name in ("a.png", "a.jpg"):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=r"a\.jpg and .*a\.png share the stem 'a'"):
        expand_inputs([str(tmp_path)])
