import json
import math
from html.parser import HTMLParser

import numpy as np
import pytest

from data.picture import data_uri
from metric.columns import COLUMNS
from metric.report import BINS, check_report, distribution, render

NAMES = ["<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "<!--", "试卷 & č",
         "a\udcff\u2028'\"`${1}"]
SHOWN = {name: COLUMNS[name] for name in ("psnr", "ink_gone")}


class Reader(HTMLParser):
    """Tags with their attributes, and what the scripts hold."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.scripts = [], []
        self.feed(content.decode())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, text):
        if self.tags and self.tags[-1][0] == "script":
            self.scripts.append(text)


def picture(*kinds, height=300, width=200):
    images = {kind: np.full((height, width, 3), 40 * i, np.uint8) for i, kind in enumerate(kinds)}
    return {"width": width, "height": height} | {
        kind: data_uri(image) for kind, image in images.items()}


def erased(names):
    rows = [{"page": name, "psnr": 10.0 + i, "ink_gone": i / 10} for i, name in enumerate(names)]
    pictures = [picture("before", "after", "mask") for _ in names[:3]]
    return render("erased", SHOWN, rows, pictures, [f"{name}: failed" for name in names])


def measured(count=30):
    rows = [{"page": f"p{i:02}"} | {name: float(i) for name in COLUMNS}
            | {f"{name}_untouched": i / 2 for name in COLUMNS} for i in range(count)]
    found = {name: distribution([row[name] for row in rows],
                                [row[f"{name}_untouched"] for row in rows]) for name in COLUMNS}
    return render("measured", COLUMNS, rows, [picture("input", "output", "gt", "difference")],
                  [], found)


def test_no_name_is_markup():
    plain, odd = Reader(erased(["a"])), Reader(erased(NAMES))
    assert odd.tags == plain.tags
    data = json.loads(odd.scripts[0])
    assert [row["page"] for row in data["rows"]] == NAMES
    assert data["problems"] == [f"{name}: failed" for name in NAMES]


@pytest.mark.parametrize("content", [erased(NAMES), measured()], ids=["erased", "measured"])
def test_nothing_is_fetched(content):
    reader = Reader(content)
    assert b"http:" not in content
    assert b"https:" not in content
    names = {name for _, attributes in reader.tags for name in attributes}
    assert not names & {"src", "href", "srcset", "action", "style"}
    assert not [name for name in names if name.startswith("on")]
    assert {tag for tag, _ in reader.tags}.isdisjoint({"link", "iframe", "object", "base"})
    [policy] = [tag[1]["content"] for tag in reader.tags if "http-equiv" in tag[1]]
    assert policy.split(";")[0].strip() == "default-src 'none'"


def test_what_json_cannot_hold():
    rows = [{"page": "a", "psnr": math.inf, "ink_gone": math.nan}, {"page": "b", "psnr": 3}]

    def refuse(constant):
        raise ValueError(constant)

    data = json.loads(Reader(render("erased", SHOWN, rows, [], [])).scripts[0],
                      parse_constant=refuse)
    assert data["rows"] == [{"page": "a", "psnr": "inf", "ink_gone": None},
                            {"page": "b", "psnr": 3}]
    assert [(column["key"], column["digits"]) for column in data["columns"]] == [
        ("psnr", 2), ("ink_gone", 4)]


def test_a_distribution_counts_every_finite_value_once():
    values, untouched = np.random.default_rng(1).normal(30, 5, (2, 500)).tolist()
    found = distribution([*values, math.inf, math.nan], [*untouched, math.nan])
    assert len(found["counts"]) == len(found["untouched"]) == BINS
    assert sum(found["counts"]) == sum(found["untouched"]) == 500
    assert (found["low"], found["high"]) == (min(values + untouched), max(values + untouched))
    assert found["counts"][BINS // 2] > found["counts"][0]
    alone = distribution(values, [0.0] * 500)
    assert sum(alone["untouched"]) == 0
    assert alone["low"] == min(values)
    assert sum(distribution([3.0], [])["counts"]) == 1
    assert distribution([math.inf], [math.nan]) is None


def test_where_a_report_may_go(tmp_path):
    new = tmp_path / "new" / "Report.HTML"
    check_report(new, False)
    new.write_bytes(measured(1))
    check_report(new, False)
    (tmp_path / "mine.html").write_text("<!doctype html><title>mine</title>")
    check_report(tmp_path / "mine.html", True)
    (tmp_path / "folder.html").mkdir()
    for name, message in [
        ("mine.html", "exists and is no report; --overwrite"), ("folder.html", "is a folder"),
        ("mine.html/below.html", "cannot be made a folder"), ("pages", "must end in .html"),
    ]:
        with pytest.raises(ValueError, match=f"{name}.*{message}|mine.html: {message}"):
            check_report(tmp_path / name, False)


@pytest.fixture
def show(browser, tmp_path):
    """show(content, settings): the page in a browser, in which nothing may go wrong."""
    pages = []

    def open_page(content, **settings):
        path = tmp_path / "report #1.html"
        path.write_bytes(content)
        page = browser.new_page(**settings)
        page.wrong, pages[:] = [], [*pages, page]
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda message: page.wrong.append(message.text))
        page.on("dialog", lambda dialog: page.wrong.append(dialog.message) or dialog.dismiss())
        page.on("request", lambda request: page.wrong.append(request.url)
                if request.url.split(":")[0] != "data" and request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        return page

    yield open_page
    for page in pages:
        assert page.wrong == []
        page.close()


def test_before_and_after_in_a_browser(show):
    page = show(erased(NAMES), viewport={"width": 1000, "height": 500}, locale="en-GB")
    assert page.title() == "Erased pages"
    assert page.locator("h2").all_text_contents()[1:] == NAMES[:3]
    assert page.locator("#problems li").count() == len(NAMES)
    assert page.locator("tbody td:first-child").all_text_contents()[:4] == NAMES[:4]
    assert page.locator("tbody a").count() == 3  # those with pictures
    page.locator("tbody a").nth(1).click()
    assert 0 < page.locator("#p1").bounding_box()["y"] < 100  # below the bar

    box, after = page.locator(".slider").first, page.locator(".after").first
    slider = page.get_by_role("slider").first
    assert (box.bounding_box()["width"], box.bounding_box()["height"]) == (200, 300)
    shown = "element => getComputedStyle(element).clipPath"
    assert after.evaluate(shown) == "inset(0px 0px 0px 50%)"
    slider.press("End")
    slider.press("ArrowLeft")
    assert after.evaluate(shown) == "inset(0px 0px 0px 99%)"
    slider.click(position={"x": 40, "y": 250})
    assert after.evaluate(shown) in [f"inset(0px 0px 0px {n}%)" for n in (19, 20, 21)]

    mask = page.locator(".mask").first
    assert not mask.is_visible()
    slider.press("m")
    assert mask.is_visible()
    page.get_by_label("Show where ink was seen").uncheck()
    assert not mask.is_visible()


def test_the_table_is_sorted_in_a_browser(show):
    page = show(erased(NAMES), locale="en")
    psnr = "tbody td:nth-child(2)"
    assert page.locator("th").nth(1).get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="PSNR").click()
    assert page.locator(psnr).all_text_contents() == ["14.00", "13.00", "12.00", "11.00", "10.00"]
    assert page.locator("th").nth(1).get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="page").click()
    assert page.locator("tbody td:first-child").all_text_contents() != NAMES
    assert page.locator("tfoot td").all_text_contents() == ["mean", "12.00", "0.2000"]


def test_figures_that_are_not_finite_come_last_and_count_for_nothing(show):
    values = [math.nan, 3.0, math.inf, 1.0]
    rows = [{"page": str(value), "psnr": value} for value in values] + [{"page": "none"}]
    page = show(render("erased", SHOWN, rows, [], []), locale="en")
    column = page.locator("tbody td:nth-child(2)")
    assert column.all_text_contents() == ["1.00", "3.00", "∞", "–", "–"]
    page.get_by_role("button", name="PSNR").click()
    assert column.all_text_contents() == ["∞", "3.00", "1.00", "–", "–"]
    assert page.locator("tfoot td").all_text_contents() == ["mean", "2.00", "–"]
    assert not page.locator("#bar").is_visible()


def test_measured_pages_in_a_browser(show):
    page = show(measured(), locale="en")
    assert page.locator("svg").count() == len(COLUMNS)
    assert page.locator(".bars").first.get_attribute("d").count("H") == BINS
    assert "; pictures of the first 1" in page.locator("#summary").text_content()
    assert page.locator("tbody tr").first.locator("td").nth(1).text_content() == "0.000.00"
    figure = page.locator(".four figure").nth(3)
    narrow = figure.bounding_box()["width"]
    figure.get_by_role("button").click()
    assert figure.bounding_box()["width"] > 3 * narrow
    figure.get_by_role("button").press("Enter")
    assert figure.bounding_box()["width"] == narrow


def test_a_long_table_grows_on_demand(show):
    rows = [{"page": str(n), "psnr": n} for n in range(700)]
    page = show(render("measured", SHOWN, rows, [], []), locale="en")
    assert page.locator("tbody tr").count() == 500
    page.get_by_role("button", name="Show more").click()
    assert page.locator("tbody tr").count() == 700
    assert not page.locator("#more").is_visible()


@pytest.mark.parametrize("content", [erased([*NAMES, "x" * 200]), measured()],
                         ids=["erased", "measured"])
def test_on_a_phone_in_chinese_in_the_dark(show, content):
    page = show(content, viewport={"width": 360, "height": 700}, locale="zh-CN", has_touch=True,
                is_mobile=True, color_scheme="dark")
    assert page.evaluate("document.documentElement.lang") == "zh"
    assert page.title() in ("擦除报告", "评测报告")
    assert "墨迹擦除率" in page.locator("thead").text_content()
    page.locator("summary").click()
    assert not [text for text in page.locator("dd").all_text_contents() if text.isascii()]
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 28)"
