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
    expect(tab.locator("#tools")).not_to_have_attribute("inert", "")


def choose_tool(tab, name):
    tab.get_by_role("radio", name=name, exact=True).check(force=True)


def stroke(tab, y=0, button_up=True):
    box = tab.locator("#canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + y
    tab.mouse.move(x - 100, y)
    tab.mouse.down()
    tab.mouse.move(x + 100, y, steps=5)
    if button_up:
        tab.mouse.up()


def expect_strokes(client, tab, counts):
    """The server comes to have so many strokes of each document's first page, and no others."""
    ids = tab.evaluate("JSON.parse(sessionStorage['text-eraser.jobs'])")
    for left in reversed(range(50)):
        had = [len(client.get(f"/api/jobs/{job}/pages/1/strokes").json()["strokes"]) for job in ids]
        if had == counts or not left:
            break
        tab.wait_for_timeout(100)  # the page sends them a little later
    assert had == counts


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
    expect(tab.locator("#choose")).to_be_focused()
    assert client.get("/api/status").json()["waiting"] == 0


def test_what_is_erased(client, visit, page):
    tab = visit(client)
    expect(tab.locator("#headline")).to_have_text("Erase handwriting, keep the print.")
    choose_tool(tab, "Watermarks")
    expect(tab.locator("#headline")).to_have_text("Erase watermarks, keep the photo.")
    tab.set_input_files("#files", [file(page)])
    clean(tab, 1)
    choose_tool(tab, "Handwriting")
    tab.set_input_files("#files", [file(page)])
    clean(tab, 2)
    ids = tab.evaluate("JSON.parse(sessionStorage['text-eraser.jobs'])")
    found = [client.get(f"/api/jobs/{job}").json()["what"] for job in ids]
    assert found == ["watermark", "handwriting"]
    # A page that is loaded anew knows the choice, and has an example for it.
    choose_tool(tab, "Watermarks")
    tab.reload()
    expect(tab.get_by_role("radio", name="Watermarks")).to_be_checked()
    tab.click("#clear")
    tab.click("#example")
    clean(tab, 1)
    expect(tab.locator("#list .name")).to_have_text(["photo.jpg"])


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
    choose_tool(tab, "Protect")
    if how == "pointer":
        stroke(tab, -40)
    else:
        for key in ("ArrowUp", "Space", *["Shift+ArrowRight"] * 4, "Space"):
            tab.locator("#canvas").press(key)
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


def test_strokes_stay_with_their_page(client, visit, page):
    tab = visit(client)
    tab.set_input_files("#files", [file(page, "a.png"), file(page, "b.png")])
    clean(tab, 2)
    choose_tool(tab, "Protect")
    stroke(tab)
    late = []
    tab.route("**/pages/1/input", lambda route: late.append(route))
    tab.locator("#list .open").nth(1).click()  # which sends the stroke
    expect(tab.locator("#list .state").first).to_have_text("Clean, edited")
    tab.keyboard.press("Control+z")
    stroke(tab, 40)
    expect(tab.locator("#undo")).to_be_disabled()
    late[0].continue_()
    clean(tab, 2)
    stroke(tab, 40)
    stroke(tab, 60)
    expect(tab.locator("#list .state").nth(1)).to_have_text("Clean, edited")
    expect_strokes(client, tab, [1, 2])


def test_what_is_not_erased_cannot_be_brushed(client, gate, visit, page):
    tab = visit(client)
    tab.set_input_files("#files", file(page, "a.png"))
    clean(tab, 1)
    choose_tool(tab, "Erase more")
    gate.opened.clear()
    tab.set_input_files("#files", file(page, "b.png"))
    expect(tab.locator("#tools")).to_have_attribute("inert", "")
    stroke(tab)
    tab.locator("#canvas").press("Space")
    tab.locator("#canvas").press("Control+z")
    tab.wait_for_timeout(700)
    gate.opened.set()
    clean(tab, 2)
    expect_strokes(client, tab, [0, 0])
    expect(tab.locator("#list .state")).to_have_text(["Clean", "Clean"])


def test_strokes_that_are_not_taken_are_taken_back(client, visit, page):
    tab = visit(client)
    tab.set_input_files("#files", file(page))
    clean(tab, 1)
    choose_tool(tab, "Protect")
    tab.route("**/strokes", lambda route: route.abort())
    stroke(tab)
    expect(tab.locator("#notice")).to_have_text("The server does not answer.")
    expect(tab.locator("#undo")).to_be_disabled()
    expect(tab.locator("#list .state")).to_have_text("Clean")
    tab.unroute("**/strokes")
    stroke(tab)
    expect(tab.locator("#notice")).to_have_text("")
    expect(tab.locator("#list .state")).to_have_text("Clean, edited")


def test_a_stroke_is_not_lost(client, visit, page):
    """Where a download or a reload follows at once."""
    tab = visit(client)
    tab.set_input_files("#files", file(page))
    clean(tab, 1)
    choose_tool(tab, "Protect")
    stroke(tab)
    once = read_image(*downloaded(tab, "png"))
    assert (once != 255).any()
    stroke(tab, 60)
    tab.reload()
    clean(tab, 1)
    choose_tool(tab, "Protect")
    stroke(tab, -60)
    expect(tab.locator("#list .state")).to_have_text("Clean, edited")
    expect_strokes(client, tab, [3])


def test_the_brush_by_keys(client, visit, page):
    tab = visit(client)
    tab.set_input_files("#files", [file(page, "a.png"), file(page, "b.png")])
    clean(tab, 2)
    choose_tool(tab, "Protect")
    canvas = tab.locator("#canvas")
    canvas.focus()
    for _ in range(6):  # held down: once, and repeated
        tab.keyboard.down(" ")
    tab.keyboard.up(" ")
    # Put down still; given up by another tool, or another page.
    choose_tool(tab, "Move")
    choose_tool(tab, "Protect")
    canvas.press("Shift+ArrowRight")
    canvas.press("Space")
    tab.locator("#list .open").nth(1).press("Enter")
    clean(tab, 2)
    canvas.press("Shift+ArrowRight")
    canvas.press("Space")
    canvas.press("Space")
    expect(tab.locator("#list .state")).to_have_text(["Clean", "Clean, edited"])
    expect_strokes(client, tab, [0, 1])


def test_what_the_server_forgot(client, visit, page):
    tab = visit(client)
    tab.set_input_files("#files", file(page))
    clean(tab, 1)
    [job] = tab.evaluate("JSON.parse(sessionStorage['text-eraser.jobs'])")
    client.delete(f"/api/jobs/{job}")
    tab.click("#download")
    tab.click("#downloads [data-form=zip]")
    expect(tab.locator("#list .state")).to_have_text("Deleted on the server")
    expect(tab.locator("#notice")).to_contain_text("no such job")
    expect(tab.locator("#tools")).to_have_attribute("inert", "")
    tab.get_by_role("button", name="Try page.png again").click()
    expect(tab.locator("#notice")).to_have_text("")
    clean(tab, 1)


@pytest.mark.parametrize("script", [
    "sessionStorage['text-eraser.jobs'] = '{'; localStorage['text-eraser.language'] = '\"xx\"'",
    "sessionStorage['text-eraser.jobs'] = '7'; localStorage['text-eraser.language'] = 'de'",
    "for (const kind of ['localStorage', 'sessionStorage']) Object.defineProperty(window, kind, "
    "{ get() { throw new DOMException('denied', 'SecurityError'); } })",
])
def test_whatever_the_browser_stores(browser, client, visit, page, script):
    tab = visit(client)
    tab.add_init_script(script)
    tab.reload()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Text eraser")
    tab.click("#language")
    expect(tab.get_by_role("heading", level=1)).to_have_text("文字擦除")
    tab.set_input_files("#files", file(page))
    clean(tab, 1)


def test_a_huge_page_can_be_zoomed_out(serve, visit):
    with serve(megapixels=50) as client:
        tab = visit(client)
        tab.set_input_files("#files", file(np.full((30_000, 64, 3), 255, np.uint8)))
        clean(tab, 1)
        whole = tab.locator("#scale").text_content()
        tab.click("#zoomOut")
        expect(tab.locator("#scale")).to_have_text(whole)


def test_cancelling_and_trying_again(client, gate, visit, page):
    tab = visit(client)
    gate.opened.clear()
    tab.set_input_files("#files", [
        file(page), file(b"no image", "notes.txt"), file(b"", "empty.png")])
    expect(tab.locator("#list li.bad .state")).to_contain_text([
        "notes.txt: cannot be read", "empty.png: cannot be read: the file is empty"])
    expect(tab.locator("#list li.busy")).to_have_count(1)
    tab.get_by_role("button", name="Cancel page.png").click()
    expect(tab.locator("#list .state").first).to_have_text("Cancelled")
    gate.opened.set()
    tab.get_by_role("button", name="Try page.png again").click()
    clean(tab, 1)
    tab.get_by_role("button", name="Remove notes.txt").click()
    expect(tab.locator("#list li")).to_have_count(2)


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
