"""The HTTP API, from one page to what goes wrong."""

import io
import socket
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms

from app.jobs import Jobs
from app.schema import Stroke
from app.uploads import survey
from data.image_io import encode_image

STROKE = {"kind": "erase", "width": 9, "points": [[40, 22], [60, 22]]}


def test_a_page_is_erased(client, gate, page):
    answer = client.upload(page, "my page.png")
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/api/jobs/{job['id']}"
    assert job["name"] == "my page.png"
    assert [(p["number"], p["width"], p["height"]) for p in job["pages"]] == [(1, 130, 90)]
    *_, before, last = client.finish(job["id"])
    assert before["state"] in ("waiting", "running")
    assert last["state"] == last["pages"][0]["state"] == "done"
    assert client.get(answer.headers["location"]).json() == last
    expected = gate.eraser().run(page)
    np.testing.assert_array_equal(client.picture(job, "input"), page)
    np.testing.assert_array_equal(client.picture(job, "result"), expected.image)
    np.testing.assert_array_equal(client.picture(job, "mask"), expected.mask * 255)
    assert client.picture(job, "thumb").shape == (90, 130, 3)


def test_what_is_erased(client, gate, page):
    jobs = [client.upload(page, what=what).json() for what in ("watermark", "handwriting")]
    for job, what in zip(jobs, ("watermark", "handwriting"), strict=True):
        assert client.finish(job["id"])[-1]["what"] == what
        expected = gate.eraser(what).run(page).image
        np.testing.assert_array_equal(client.picture(job, "result"), expected)
    assert client.picture(jobs[0], "result").max() == 0
    client.brush(jobs[0], STROKE)
    client.finish(jobs[0]["id"])
    assert client.picture(jobs[0], "result").max() == 0
    answer = client.upload(page, what="ink")
    assert answer.status_code == 422
    assert "what: Input should be 'handwriting' or 'watermark'" in answer.json()["detail"]


def test_resolution_and_colours_are_kept(client, page):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    scan = io.BytesIO()
    Image.fromarray(page).save(scan, "TIFF", dpi=(300, 300), icc_profile=profile)
    job = client.erase(scan.getvalue())
    client.brush(job, STROKE)
    client.finish(job["id"])
    result = client.get(f"/api/jobs/{job['id']}/pages/1/result").content
    with Image.open(io.BytesIO(result)) as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        assert image.info["icc_profile"] == profile


def test_progress_counts_tiles(client, gate, page):
    gate.opened.clear()
    job = client.upload(page).json()
    client.wait(job, "running")
    gate.opened.set()
    assert client.finish(job["id"])[-1]["pages"][0]["done"] == gate.tiles == 15


def test_while_networks_load_pages_wait(serve, gate, page):
    gate.opened.clear()
    with serve(lambda what: gate.opened.wait(30) and gate.eraser()) as client:
        assert client.get("/api/status").json()["state"] == "loading"
        job = client.upload(page).json()
        assert client.get("/api/status").json()["waiting"] == 1
        gate.opened.set()
        assert client.finish(job["id"])[-1]["state"] == "done"
        status = client.get("/api/status").json()
        assert (status["state"], status["waiting"]) == ("ready", 0)
        assert status["limits"]["megapixels"] == 1


def test_what_fails_to_load_is_told(serve):
    told = []
    with serve(lambda what: 1 / 0, told.append):
        pass
    assert [type(error) for error in told] == [ZeroDivisionError]


def test_a_pdf_comes_back_as_one(client, page, make_pdf, read_pdf):
    job = client.erase(make_pdf(page, page[:50]), "two pages.pdf")
    assert [p["state"] for p in job["pages"]] == ["done", "done"]
    assert client.picture(job, "result", 2).shape == (50, 130, 3)
    answer = client.get("/api/download", params={"job": job["id"], "form": "pdf"})
    assert answer.headers["content-type"] == "application/pdf"
    sizes = [picture.shape for picture in read_pdf(answer.content)]
    assert sizes == [picture.shape for picture in read_pdf(make_pdf(page, page[:50]))]
    assert all((picture > 250).all() for picture in read_pdf(answer.content))
    with zipfile.ZipFile(io.BytesIO(client.get(f"/api/download?job={job['id']}").content)) as pages:
        assert pages.namelist() == ["two pages-1.png", "two pages-2.png"]


@pytest.mark.parametrize("form", ["zip", "pdf"])
def test_a_job_that_is_removed_meanwhile(client, page, make_pdf, tmp_path, form):
    for content, name in ((page, "a.png"), (make_pdf(page, page), "b.pdf")):
        job = client.erase(content, name)
        for path in (tmp_path / "tmp").rglob("*result"):
            path.unlink()
        answer = client.get("/api/download", params={"job": job["id"], "form": form})
        assert (answer.status_code, answer.json()["detail"]) == (
            404, "a job was forgotten meanwhile")


def test_all_in_one_file(client, page, make_pdf, read_pdf):
    jobs = [client.erase(page, "a.png"), client.erase(make_pdf(page, page), "b.pdf"),
            client.erase(page.transpose(1, 0, 2), "A.png"), client.erase(page, "a (2).png")]
    ids = {"job": [job["id"] for job in jobs]}
    with zipfile.ZipFile(io.BytesIO(client.get("/api/download", params=ids).content)) as archive:
        assert archive.namelist() == ["a.png", "b-1.png", "b-2.png", "A (2).png", "a (2) (2).png"]
        for name, (job, number) in zip(archive.namelist(), [
                (jobs[0], 1), (jobs[1], 1), (jobs[1], 2), (jobs[2], 1), (jobs[3], 1)], strict=True):
            content = client.get(f"/api/jobs/{job['id']}/pages/{number}/result").content
            assert archive.read(name) == content
    whole = read_pdf(client.get("/api/download", params={"form": "pdf", **ids}).content)
    # The images on sheets of A4, upright or not; the PDF's pages as they came.
    assert [picture.shape[:2] for picture in whole] == [
        (596, 842), *(picture.shape[:2] for picture in read_pdf(make_pdf(page, page))), (842, 596),
        (596, 842)]


def test_strokes_keep_and_erase(client, gate, page):
    job = client.erase(page)
    before, mask = client.picture(job, "result"), client.picture(job, "mask")
    kept = {"kind": "keep", "width": 12, "points": [[20, 62], [45, 62.5]]}
    assert client.brush(job, STROKE, kept).status_code == 200
    assert client.finish(job["id"])[-1]["pages"][0]["version"] == 2
    result = client.picture(job, "result")
    np.testing.assert_array_equal(result[57:67, 20:45], page[57:67, 20:45])
    assert (result[57:67, 20:45] != before[57:67, 20:45]).any()
    assert (client.picture(job, "mask")[57:67, 20:45] == 0).all()
    assert (client.picture(job, "mask")[19:25, 40:60] == 255).all()
    far = np.ones((90, 130), bool)
    far[55:70, 10:55] = far[15:29, 33:67] = False
    np.testing.assert_array_equal(result[far], before[far])
    np.testing.assert_array_equal(client.picture(job, "mask")[far], mask[far])
    # Undone: as if nothing had been.
    client.brush(job)
    client.finish(job["id"])
    np.testing.assert_array_equal(client.picture(job, "result"), before)
    np.testing.assert_array_equal(client.picture(job, "mask"), mask)
    assert client.get(f"/api/jobs/{job['id']}/pages/1/strokes").json() == {"strokes": []}


def test_redoing_computes_only_the_tiles_of_strokes(client, gate, page):
    job = client.erase(page)
    gate.tiles = 0
    client.brush(job, {"kind": "keep", "width": 50, "points": [[1, 1]]})
    client.finish(job["id"])
    assert gate.tiles == 0
    client.brush(job, STROKE)
    client.finish(job["id"])
    assert gate.tiles == 2


def test_newer_strokes_win(client, gate, page):
    job = client.erase(page)
    gate.opened.clear()
    client.brush(job, STROKE)
    client.wait(job, "running")
    kept = {"kind": "keep", "width": 200, "points": [[60, 40]]}
    client.brush(job, STROKE, kept)
    gate.opened.set()
    assert client.finish(job["id"])[-1]["pages"][0]["version"] == 2
    np.testing.assert_array_equal(client.picture(job, "result"), page)


def test_strokes_are_worked_on_to_their_end(client, monkeypatch, page):
    """Also those that come when a page was redone, but is not said to be done yet."""
    job = client.erase(page)
    put_back, late = Jobs.put_back, {"kind": "keep", "width": 200, "points": [[60, 40]]}

    def put_back_late(self, job, page, *result):
        if page.version == 2:
            self.edit(page, [Stroke(**late)])
        put_back(self, job, page, *result)

    monkeypatch.setattr(Jobs, "put_back", put_back_late)
    client.brush(job, STROKE)
    assert client.finish(job["id"])[-1]["pages"][0]["version"] == 3
    np.testing.assert_array_equal(client.picture(job, "result"), page)


def test_a_full_disk_is_told_and_leaves_nothing(client, page, tmp_path, full_disk):
    job = client.erase(page)
    with full_disk(10_000):
        assert client.upload(page).status_code == 507
        assert client.get("/api/download", params={"job": job["id"]}).status_code == 200
    with full_disk(100):
        answer = client.get("/api/download", params={"job": job["id"]})
        assert (answer.status_code, answer.json()["detail"]) == (507, "the server's disk is full")
    [folder] = (tmp_path / "tmp").iterdir()
    assert len(list(folder.iterdir())) == 1


def test_a_full_disk_while_a_page_is_erased(client, gate, page, full_disk):
    gate.opened.clear()
    job = client.upload(page).json()
    client.wait(job, "running")
    with full_disk(1000):
        gate.opened.set()
        assert client.finish(job["id"])[-1]["pages"][0]["detail"] == "the server's disk is full"


def test_who_is_gone_is_not_served(client, gate, monkeypatch, page):
    gate.opened.clear()
    first, go_on = threading.Event(), threading.Event()

    def slow_survey(*what):
        first.set()
        assert go_on.wait(30)
        return survey(*what)

    monkeypatch.setattr("app.api.survey", slow_survey)
    body = (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
            + encode_image(page) + b"\r\n--x--\r\n")
    head = (f"POST /api/erase HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n")
    people = []
    for _ in range(3):
        people.append(socket.create_connection((client.base_url.host, client.base_url.port)))
        people[-1].sendall(head.encode() + body)
        assert first.wait(30)
    for person in people:
        person.close()
    time.sleep(0.1)
    go_on.set()
    job = client.upload(page).json()  # which waits for the others
    assert client.get("/api/status").json()["waiting"] <= 1
    gate.opened.set()
    assert client.finish(job["id"])[-1]["state"] == "done"
    assert gate.tiles == 15


def test_cancelled_work_stops_and_leaves_nothing(client, gate, page, tmp_path):
    gate.opened.clear()
    jobs = [client.upload(page).json() for _ in range(2)]
    client.wait(jobs[0], "running")
    for job in jobs:
        assert client.delete(f"/api/jobs/{job['id']}").status_code == 204
        assert client.get(f"/api/jobs/{job['id']}").status_code == 404
    gate.opened.set()
    assert client.erase(page)["state"] == "done"
    assert gate.tiles == 1 + 15
    [folder] = (tmp_path / "tmp").iterdir()
    assert len(list(folder.iterdir())) == 1


def test_after_the_server_nothing_is_left(serve, gate, page, tmp_path):
    with serve() as client:
        client.erase(page)
        gate.opened.clear()
        client.upload(page)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_forty_at_once(client, page):
    pages = [np.roll(page, i, 1) for i in range(40)]
    with ThreadPoolExecutor(40) as people:
        jobs = [answer.json() for answer in people.map(client.upload, pages)]
        assert client.get("/api/status").status_code == 200
        ends = list(people.map(client.finish, [job["id"] for job in jobs]))
    assert {end[-1]["state"] for end in ends} == {"done"}
    for job, sent in zip(jobs, pages, strict=True):
        np.testing.assert_array_equal(client.picture(job, "input"), sent)


def test_a_full_queue_says_when_to_come_back(serve, gate, page):
    gate.opened.clear()
    with serve(queue=2) as client:
        client.wait(client.upload(page).json(), "running")
        jobs = [client.upload(page) for _ in range(2)]
        assert [job.status_code for job in jobs] == [202, 202]
        full = client.upload(page)
        assert full.status_code == 429
        assert int(full.headers["retry-after"]) > 0
        gate.opened.set()
        client.finish(jobs[-1].json()["id"])
        assert client.upload(page).status_code == 202


def test_a_page_that_cannot_be_erased_does_not_end_the_rest(serve, gate, page, capsys):
    def breaks(batch):
        if not gate.opened.is_set():
            raise RuntimeError("/secret/path")
        return gate.net(batch)

    eraser = gate.eraser()
    eraser._networks = [breaks]
    gate.opened.clear()
    with serve(lambda what: eraser) as client:
        job = client.erase(page)
        assert job["state"] == "failed"
        assert job["pages"][0]["detail"] == "it cannot be erased; the server's messages say why"
        assert "/secret/path" in capsys.readouterr().err
        answer = client.get(f"/api/jobs/{job['id']}/pages/1/result")
        assert answer.status_code == 409
        assert answer.json()["detail"].startswith("page 1 failed: it cannot be erased")
        gate.opened.set()
        assert client.erase(page)["state"] == "done"


@pytest.mark.parametrize("strokes", [
    [{**STROKE, "kind": "draw"}], [{**STROKE, "points": []}], [{**STROKE, "points": [[1]]}],
    [{**STROKE, "width": 0}], [{**STROKE, "width": 10**6}], [{**STROKE, "points": [[1e9, 0]]}],
    [{**STROKE, "points": [[1, 1]] * 20_001}], [STROKE] * 1001,
    [{**STROKE, "width": 1000, "points": [[1, 1]] * 10_001}], "all", None,
])
def test_wrong_strokes(client, page, strokes):
    job = client.erase(page)
    answer = client.put(f"/api/jobs/{job['id']}/pages/1/strokes", json={"strokes": strokes})
    assert answer.status_code == 422


def test_numbers_that_are_none(client, page):
    job = client.erase(page)
    body = '{"strokes": [{"kind": "keep", "width": NaN, "points": [[1, Infinity]]}]}'
    answer = client.put(f"/api/jobs/{job['id']}/pages/1/strokes", content=body,
                        headers={"content-type": "application/json"})
    assert answer.status_code == 422


def test_what_is_not_there(client, gate, page):
    gate.opened.clear()
    job = client.upload(page).json()
    url = f"/api/jobs/{job['id']}"
    for path, status in (
        ("/api/jobs/none", 404), (f"{url}/pages/2/result", 404), (f"{url}/pages/0/input", 404),
        (f"{url}/pages/1/result", 409), (f"{url}/pages/1/strokes", 200),
        (f"{url}/pages/1/other", 422), (f"{url}/pages/x/mask", 422),
        ("/api/download?job=none", 404), (f"/api/download?job={job['id']}", 409),
        ("/api/events?job=none", 404), ("/api/events", 422), ("/api/none", 404),
        ("/static/none.js", 404), ("/static/../api.py", 404), ("/docs", 404), ("/redoc", 404),
    ):
        assert client.get(path).status_code == status, path
    assert client.brush(job, STROKE).status_code == 409
    assert client.post("/api/erase").status_code == 422
    assert client.post("/api/erase", content=b"x", headers={
        "content-type": "multipart/form-data"}).status_code == 400
