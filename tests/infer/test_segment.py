import numpy as np
import pytest
from PIL import Image

from data.image_io import read_grey, read_image, write_image
from infer import segment


class Seen:
    """A segmenter that takes what is dark for text."""

    engine = "none"

    def __init__(self, network, *settings):
        if "broken" in str(network):
            raise ValueError(f"{network}: is no checkpoint")

    def __call__(self, image):
        return 1 - image.mean(axis=2, dtype=np.float32) / 255


@pytest.fixture
def pages(tmp_path, monkeypatch):
    monkeypatch.setattr(segment, "Segmenter", Seen)
    folder = tmp_path / "pages"
    folder.mkdir()
    for name, level in (("a", 55), ("b", 155)):
        page = np.full((30, 50, 3), 255, np.uint8)
        page[10:20, 5:15] = level
        write_image(folder / f"{name}.png", page)
    return folder


def test_masks_as_large_as_their_pages(pages, tmp_path):
    out = tmp_path / "masks"
    assert segment.main([str(pages), "--output", str(out)]) == 0
    mask = read_grey(out / "a.png")
    assert mask.shape == (30, 50) and mask[15, 10] == 200 and mask[0, 0] == 0
    assert read_grey(out / "b.png")[15, 10] == 100


def test_a_threshold_makes_them_black_and_white(pages, tmp_path):
    out = tmp_path / "masks"
    assert segment.main([str(pages), "--output", str(out), "--threshold", "0.5"]) == 0
    assert set(np.unique(read_grey(out / "a.png"))) == {0, 255}
    assert not read_grey(out / "b.png").any()


def test_overlays_mark_the_text(pages, tmp_path):
    out = tmp_path / "masks"
    assert segment.main([str(pages / "a.png"), "--output", str(out),
                         "--overlay", str(tmp_path / "seen")]) == 0
    drawn = read_image(tmp_path / "seen" / "a.png").astype(int)
    assert drawn[15, 10, 0] - drawn[15, 10, 1] > 60 and (drawn[0, 0] == 255).all()


def test_a_document_has_one_file_of_masks(pages, tmp_path):
    images = [Image.fromarray(read_image(pages / f"{name}.png")) for name in "ab"]
    images[0].save(tmp_path / "two.tif", save_all=True, append_images=images[1:])
    out, seen = tmp_path / "masks", tmp_path / "seen"
    assert segment.main([str(tmp_path / "two.tif"), "--output", str(out),
                         "--overlay", str(seen)]) == 0
    for folder, mode in ((out, "L"), (seen, "RGB")):
        with Image.open(folder / "two.tif") as pages:
            assert (pages.n_frames, pages.mode) == (2, mode)
    with Image.open(out / "two.tif") as masks:
        for index, expected in enumerate((200, 100)):
            masks.seek(index)
            assert masks.getpixel((10, 15)) == expected


def test_a_bad_page_does_not_stop_the_rest(pages, tmp_path, capsys):
    (pages / "aa.png").write_bytes(b"no image")
    assert segment.main([str(pages), "--output", str(tmp_path / "masks")]) == 1
    assert "infer.segment: " in (said := capsys.readouterr().err) and "aa.png" in said
    assert (tmp_path / "masks" / "b.png").exists()


@pytest.mark.parametrize("options, message", [
    (["--threshold", "1.5"], "--threshold must lie between 0 and 1, got 1.5"),
    (["--weights", "broken.pdparams"], "broken.pdparams: is no checkpoint"),
    (["--overlay", "masks"], "masks: masks and overlays bear the same names; --overlay must be an"),
    (["--overlay", "link"], "link: masks and overlays bear the same names; --overlay must be ano"),
])
def test_wrong_arguments(pages, tmp_path, capsys, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("masks")
    assert segment.main(["pages", "--output", "masks", *options]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "masks").exists()


def test_nothing_is_written_over_unasked(pages, tmp_path, capsys):
    assert segment.main([str(pages), "--output", str(pages)]) == 2
    assert "is the folder of the pages" in capsys.readouterr().err
    out = tmp_path / "masks"
    assert segment.main([str(pages), "--output", str(out)]) == 0
    assert segment.main([str(pages), "--output", str(out)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert segment.main([str(pages), "--output", str(out), "--overwrite"]) == 0
