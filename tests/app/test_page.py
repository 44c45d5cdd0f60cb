"""The page in a real browser; skipped where there is none."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from data.image_io import encode_image, read_image

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
DROP = """content => {
    const data = new DataTransfer(), bytes = Uint8Array.from(content);
    data.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
    const options = { dataTransfer: data, bubbles: true, cancelable: true };
    document.body.dispatchEvent(new DragEvent("drop", options));
}"""


@pytest.fixture
def visit(browser):
    """visit(client): the page in a new window; what its console says fails the test in the end."""
    said, contexts = [], []

    def visit(client, **options):
        options = {"viewport": {"width": 1000, "height": 700}, "locale": "en-US"} | options
        contexts.append(browser.new_context(**options))
        tab = contexts[-1].new_page()
        tab.set_default_timeout(20_000)
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(str(client.base_url))
        return tab

    yield visit
    for context in contexts:
        context.close()
    # Refused uploads are in the console, whatever a page does.
    assert [text for text in said if "Failed to load resource" not in text] == []


def file(content, name="page.png"):
    if isinstance(content, np.ndarray):
        content = encode_image(content)
    kind = "application/pdf" if content.startswith(b"%PDF") else "image/png"
    return {"name": name, "mimeType": kind, "buffer": content}


def clean(tab, count):
    expect(tab.locator("#list li.good")).to_have_count(count, timeout=20_000)


def downloaded(tab, form):
    tab.click("#download")
    with tab.expect_download() as download:
        tab.click(f"#downloads [data-form={form}]")
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_from_files_to_a_zip(client, visit, page, make_pdf):
    tab = visit(client)
    tab.set_input_files("#files", [file(page), file(make_pdf(page, page), "two.pdf")])
    clean(tab, 3)
    expect(tab.locator("#list .name")).to_have_text(["page.png", "1 · two.pdf", "2 · two.pdf"])
    expect(tab.locator("#summary")).to_have_text("3 of 3 pages clean")
    expect(tab.locator("#live")).to_contain_text("3 of 3 pages clean")
    name, content = downloaded(tab, "zip")
    assert name.endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["page.png", "two-1.png", "two-2.png"]
    name, content = downloaded(tab, "pdf")
    assert content.startswith(b"%PDF")
    # A tab that is loaded anew has its pages still.
    tab.reload()
    clean(tab, 3)
    tab.click("#clear")
    expect(tab.locator("#start")).to_be_visible()
    assert client.get("/api/status").json()["waiting"] == 0


def test_the_divider(client, visit, page):
    tab = visit(client)
    tab.evaluate(DROP, list(encode_image(page)))
    clean(tab, 1)
    divider = tab.get_by_role("slider", name="Divider between before and after")
    expect(divider).to_have_attribute("aria-valuenow", "50")
    box = divider.bounding_box()
    tab.mouse.move(box["x"] + 10, box["y"] + 200)
    tab.mouse.down()
    tab.mouse.move(box["x"] - 150, box["y"] + 220)
    tab.mouse.up()
    assert int(divider.get_attribute("aria-valuenow")) < 40
    divider.press("Home")
    expect(divider).to_have_attribute("aria-valuenow", "0")
    divider.press("ArrowRight")
    divider.press("Shift+ArrowRight")
    expect(divider).to_have_attribute("aria-valuetext", "12 % of the view shows the page before")


@pytest.mark.parametrize("how", ["pointer", "keys"])
def test_what_is_protected_comes_back_to_the_bit(client, visit, page, how):
    tab = visit(client)
    tab.set_input_files("#files", file(page, "my page.png"))
    clean(tab, 1)
    tab.get_by_role("radio", name="Protect").check(force=True)
    canvas = tab.locator("#canvas")
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    if how == "pointer":
        tab.mouse.move(x - 100, y - 40)
        tab.mouse.down()
        tab.mouse.move(x + 100, y - 40, steps=5)
        tab.mouse.up()
    else:
        for key in ("ArrowUp", "Space", *["Shift+ArrowRight"] * 4, "Space"):
            canvas.press(key)
    expect(tab.locator("#list .state")).to_have_text("Clean, edited")
    name, content = downloaded(tab, "png")
    assert name == "my page-clean.png"
    result = read_image(name, content)
    kept = (result != 255).any(axis=2)
    assert 20 < kept.sum() < 2000
    np.testing.assert_array_equal(result[kept], page[kept])
    tab.click("#undo")
    expect(tab.locator("#list .state")).to_have_text("Clean")
    assert (read_image(*downloaded(tab, "png")) == 255).all()


def test_cancelling_and_trying_again(client, gate, visit, page):
    tab = visit(client)
    gate.opened.clear()
    tab.set_input_files("#files", [file(page), file(b"no image", "notes.txt")])
    expect(tab.locator("#list li.bad .state")).to_contain_text("notes.txt: cannot be read")
    expect(tab.locator("#list li.busy")).to_have_count(1)
    tab.get_by_role("button", name="Cancel page.png").click()
    expect(tab.locator("#list .state").first).to_have_text("Cancelled")
    gate.opened.set()
    tab.get_by_role("button", name="Try page.png again").click()
    clean(tab, 1)
    tab.get_by_role("button", name="Remove notes.txt").click()
    expect(tab.locator("#list li")).to_have_count(1)


def test_a_full_queue_is_waited_for(serve, gate, visit, page):
    with serve(queue=1) as client:
        gate.opened.clear()
        tab = visit(client)
        tab.set_input_files("#files", [file(page, f"{i}.png") for i in range(4)])
        expect(tab.get_by_text("Waiting for a free place")).not_to_have_count(0)
        gate.opened.set()
        clean(tab, 4)


@pytest.mark.parametrize("locale, titles", [
    ("zh-CN", ["文字擦除", "Text eraser"]), ("en-GB", ["Text eraser", "文字擦除"])])
def test_a_phone(client, visit, page, locale, titles):
    tab = visit(client, locale=locale, has_touch=True, is_mobile=True,
                viewport={"width": 390, "height": 844})
    expect(tab.locator("#photo")).to_be_visible()
    for title in titles:
        expect(tab.get_by_role("heading", level=1)).to_have_text(title)
        assert tab.evaluate("document.documentElement.scrollWidth") == 390
        tab.set_input_files("#files", [file(page, "a long name " * 9 + ".png")] * 5)
        clean(tab, 5)
        assert tab.evaluate("document.documentElement.scrollWidth") == 390
        tab.locator("#clear").tap()
        tab.locator("#language").tap()
