"""Images and TIFFs of several pages, written by Pillow; PDFs have a test of their own."""

import io
import re
import struct
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

from data.documents import (
    check_settings,
    document_kind,
    encode_page,
    open_document,
    write_tiff,
)
from data.image_io import read_image

DPI = 300, 200


def draw(seed=0, height=24, width=36):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def picture(seed=0, mode="RGB", height=24, width=36):
    return Image.fromarray(draw(seed, height, width)).convert(mode)


def coded(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def tiff(*images, **options):
    return coded(images[0], "TIFF", save_all=True, append_images=images[1:], **options)


def pixels(image):
    return np.asarray(image.convert("RGB"))


@cache  # it holds the time
def profile(space="RGB"):
    """A colour profile that is not sRGB's."""
    if space == "RGB":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + b"ours"
    lab = ImageCms.createProfile("LAB")
    return ImageCms.ImageCmsProfile(lab).tobytes()


def inverted(content, name="a.tif", **options):
    """The file with inverted pages, and the pages as they were read."""
    with open_document(name, content, **options) as document:
        pages = list(document)
        stream = io.BytesIO()
        document.write(stream, [encode_page(page, 255 - page.image, document.suffix)
                                for page in pages])
    return stream.getvalue(), pages


MIXED = picture(0), picture(1, "L", 30, 20), picture(2, "1", 64, 33)


@pytest.mark.parametrize("compression, images", [
    ("tiff_lzw", MIXED), ("tiff_adobe_deflate", MIXED), ("packbits", MIXED), ("raw", MIXED),
    ("group4", [picture(seed, "1") for seed in range(3)]), ("tiff_deflate", MIXED)])
def test_pages_of_a_tiff(compression, images):
    content = tiff(*images, compression=compression, dpi=DPI)
    with open_document("A.TIF", content) as document:
        assert (document.kind, document.suffix, document.total) == ("tiff", ".tif", 3)
        assert document.numbers == [1, 2, 3]
        assert document.sizes == [image.size for image in images]
        assert document.digital == [False] * 3
    result, pages = inverted(content)
    made = Image.open(io.BytesIO(result))
    assert made.n_frames == 3
    for index, (page, image) in enumerate(zip(pages, images, strict=True)):
        made.seek(index)
        np.testing.assert_array_equal(page.image, pixels(image))
        np.testing.assert_array_equal(pixels(made), 255 - pixels(image))
        assert made.mode == image.mode
        assert made.info["compression"] == compression.replace("tiff_deflate", "tiff_adobe_deflate")
        assert made.info["dpi"] == page.dpi == DPI


def test_a_tiff_of_jpegs_stays_one():
    smooth = [picture(seed, height=3, width=4).resize((64, 48)) for seed in range(2)]
    result, pages = inverted(tiff(*smooth, compression="jpeg", quality=95))
    made = Image.open(io.BytesIO(result))
    for index, page in enumerate(pages):
        made.seek(index)
        assert made.info["compression"] == "jpeg"
        assert np.abs(pixels(made) - (255.0 - page.image)).mean() < 4


def test_pages_whose_white_is_0_stay_as_they_are():
    levels = np.arange(400, dtype=np.uint16).reshape(20, 20)
    images = [Image.fromarray(levels * n) for n in (50, 90)]
    one, zero = (struct.pack("<HHIHH", 262, 3, 1, value, 0) for value in (1, 0))
    content = tiff(*images)
    assert content.count(one) == 2
    content = content.replace(one, zero)
    result, _ = inverted(content, pages="1")
    for file in (content, result):
        with open_document("a.tif", file, pages="2") as document:
            expected = 255 - read_image("a.png", coded(images[1]))
            np.testing.assert_array_equal(document[0].image, expected)


def test_chosen_pages_of_a_tiff():
    images = [*MIXED, picture(3, "P")]
    result, pages = inverted(tiff(*images, compression="tiff_lzw", dpi=DPI), pages="2")
    assert [len(page.image) for page in pages] == [30]
    made = Image.open(io.BytesIO(result))
    for index, image in enumerate(images):
        made.seek(index)
        expected = 255 - pixels(image) if index == 1 else pixels(image)
        np.testing.assert_array_equal(pixels(made), expected)
        assert (made.mode, made.info["dpi"]) == (image.mode, DPI)
    with pytest.raises(ValueError, match="^a.tif: pages '5': no pages 5 among 1-4"):
        open_document("a.tif", tiff(*images), pages="5")


def test_thumbnails_are_no_pages():
    frames = [coded(picture(seed), "TIFF", tiffinfo={254: kind})
              for seed, kind in enumerate((0, 1, 2))]
    several, single = io.BytesIO(), io.BytesIO()
    write_tiff(several, frames)
    write_tiff(single, frames[:2])
    result, pages = inverted(several.getvalue())
    for page, seed in zip(pages, (0, 2), strict=True):
        np.testing.assert_array_equal(page.image, draw(seed))
    assert Image.open(io.BytesIO(result)).n_frames == 2
    assert open_document("a.tif", single.getvalue()).kind == "image"


def test_a_thumbnail_may_come_first():
    stream = io.BytesIO()
    write_tiff(stream, [coded(picture(0, height=6, width=9), "TIFF", tiffinfo={254: 1}),
                        coded(picture(1), "TIFF", tiffinfo={254: 0})])
    with open_document("a.tif", stream.getvalue()) as document:
        assert (document.kind, document.sizes) == ("image", [(36, 24)])
        np.testing.assert_array_equal(document[0].image, draw(1))


def test_pages_that_stay_lose_neither_pixels_nor_what_is_said_of_them():
    said = {tag: text.encode() for tag, text in {
        269: "Klausur", 270: "说明", 285: "Seite 1", 305: "a scanner", 306: "2020:01:02 03:04:05",
    }.items()}
    content = tiff(picture(0), picture(1), compression="jpeg", quality=70, tiffinfo=said, dpi=DPI)
    before = Image.open(io.BytesIO(content))
    made = Image.open(io.BytesIO(inverted(content, pages="1")[0]))
    for image in (before, made):
        image.seek(1)
    np.testing.assert_array_equal(pixels(made), pixels(before))
    assert {tag: made.tag_v2[tag].encode("latin-1") for tag in said} == said
    assert made.info["dpi"] == DPI


def test_turned_pages_are_turned_once():
    """Chosen or not; the resolution with them."""
    page = picture(0, height=40, width=24)
    turned = Image.fromarray(np.rot90(np.asarray(page)))
    content = tiff(turned, turned, tiffinfo={274: 6}, dpi=DPI)
    with open_document("a.tif", content) as document:
        assert document.sizes == [(24, 40)] * 2
        np.testing.assert_array_equal(document[1].image, pixels(page))
    made = Image.open(io.BytesIO(inverted(content, pages="1")[0]))
    for index, expected in enumerate((255 - pixels(page), pixels(page))):
        made.seek(index)
        np.testing.assert_array_equal(pixels(made), expected)
        assert made.tag_v2.get(274, 1) == 1
        assert made.info["dpi"] == DPI[::-1]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_damaged_page_of_a_tiff_is_named():
    content = bytearray(tiff(*(picture(seed) for seed in range(3)), compression="raw"))
    place = content.index(draw(1).tobytes())
    with open_document("a.tif", bytes(content[:place + 100])) as document:
        assert document.kind == "image"  # what cannot be read whole is nothing else
    packed = tiff(*(picture(seed, height=200) for seed in range(3)), compression="tiff_lzw")
    damaged = bytearray(packed)
    image = Image.open(io.BytesIO(packed))
    image.seek(1)
    for offset in image.tag_v2[273]:
        damaged[offset:offset + 200] = b"\xff" * 200
    with open_document("a.tif", bytes(damaged)) as document:
        np.testing.assert_array_equal(document[0].image, draw(0, 200))
        with pytest.raises(ValueError, match=r"^a.tif: cannot be read: .*\(page 2\)$"):
            document[1]


KINDS = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP", ".tif": "TIFF"}


@pytest.mark.parametrize("made", KINDS)
@pytest.mark.parametrize("given", KINDS)
def test_images_keep_profile_and_resolution_and_nothing_else(given, made):
    """A camera's EXIF, place and all, stays behind; the page is upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    page = picture(0, height=40, width=24)
    content = coded(Image.fromarray(np.rot90(np.asarray(page))), KINDS[given], exif=exif,
                    icc_profile=profile(), **({} if given == ".webp" else {"dpi": DPI}))
    with open_document(f"a{given}", content) as document:
        assert (document.kind, document.suffix) == ("image", given)
        assert (len(document), document.sizes, document.numbers) == (1, [(24, 40)], [1])
        [shown] = document
        assert shown.image.shape == (40, 24, 3)
        stream = io.BytesIO()
        document.write(stream, [encode_page(shown, shown.image, made)])
    result = Image.open(stream)
    assert result.format == KINDS[made]
    assert result.info["icc_profile"] == profile()
    assert not result.getexif().get_ifd(0x8825)
    assert result.getexif().get(0x0112, 1) == 1
    assert result.size == (24, 40)
    if ".webp" in (given, made):  # it holds no resolution
        assert result.info.get("dpi", (1, 1)) == (1, 1)
    else:
        assert result.info["dpi"] == pytest.approx(DPI[::-1], abs=0.01)
    if ".jpg" not in (given, made) and given != ".webp":
        np.testing.assert_array_equal(pixels(result), pixels(page))


@pytest.mark.parametrize("given", KINDS)
def test_sizes_are_known_without_decoding(given):
    content = coded(picture(0, height=240, width=360), KINDS[given])
    document = open_document(f"a{given}", content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImageFile.ImageFile, "load", None)
        assert document.sizes == [(360, 240)]


def test_colours_that_are_not_rgb_become_srgb():
    for image in (picture(0, "CMYK"), picture(0, "L")):
        content = coded(image, "TIFF", icc_profile=profile("LAB"))
        [page] = open_document("a.tif", content)
        assert page.icc_profile is None
        assert page.image.shape == (24, 36, 3)
    [page] = open_document("a.png", coded(picture(0), icc_profile=b"no profile"))
    assert page.icc_profile is None
    np.testing.assert_array_equal(page.image, draw(0))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
@pytest.mark.parametrize("dpi", [(1, 1), (0, 0), (0, 300)])
def test_senseless_resolutions_are_not_kept(kind, dpi):
    [page] = open_document("a.png", coded(picture(), kind, dpi=dpi))
    assert page.dpi is None


def test_kinds(tmp_path):
    several = tiff(picture(), picture())
    for name, content, kind in [
        ("a.tif", several, "tiff"), ("a.TIFF", several, "tiff"), ("a.PDF", b"", "pdf"),
        ("a.tif", tiff(picture()), "image"), ("a.tif", b"", "image"), ("a.png", several, "image"),
    ]:
        path = tmp_path / name
        path.write_bytes(content)
        assert document_kind(path) == document_kind(path, content) == kind
    with pytest.raises(ValueError, match="a.png: cannot be read: it holds 2 pages"):
        read_image(tmp_path / "a.png")


@pytest.mark.parametrize("text, numbers", [
    (None, [1, 2, 3, 4, 5]), ("1-3,5", [1, 2, 3, 5]), ("5, 2 - 3 ,2", [2, 3, 5]), ("4-", [4, 5]),
    ("1-", [1, 2, 3, 4, 5])])
def test_pages(text, numbers):
    content = tiff(*(picture(seed) for seed in range(5)))
    assert open_document("a.tif", content, pages=text).numbers == numbers
    assert open_document("a.png", coded(picture()), pages=text).numbers == [1]


@pytest.mark.parametrize("pages, dpi, message", [
    ("", None, "pages '': expected numbers and ranges such as 1-3,7,9-"),
    ("a", None, "pages 'a': expected"), ("-3", None, "pages '-3': expected"),
    ("1,,2", None, "pages '1,,2': expected"), ("1.5", None, "pages '1.5': expected"),
    ("3-2", None, "pages '3-2': no pages 3-2 among"), ("0", None, "pages '0': no pages 0 among"),
    (None, 5, "dpi must be 10 to 10000, got 5"), (None, float("nan"), "dpi must be"),
])
def test_settings_that_suit_no_document(pages, dpi, message):
    for call in (lambda: check_settings(dpi, pages),
                 lambda: open_document("a.png", coded(picture()), dpi=dpi, pages=pages)):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
            call()
