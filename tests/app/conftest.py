"""A server with a small eraser: pages become white, dark pixels were ink."""

import io
import json
import socket
import threading
import time
from contextlib import contextmanager

import httpx
import img2pdf
import numpy as np
import pytest
import uvicorn

from app.guard import LOOPBACK
from app.schema import Limits
from app.server import create_app
from data.image_io import encode_image, read_image
from infer.eraser import Eraser

LIMITS = {"megabytes": 2, "megapixels": 1, "pages": 3, "queue": 64, "minutes": 10}


class Gate:
    """Networks that stop before every tile for as long as the gate is shut."""

    def __init__(self):
        self.opened, self.tiles = threading.Event(), 0
        self.opened.set()

    def net(self, batch):
        assert self.opened.wait(30)
        self.tiles += 1
        return np.ones_like(batch), (batch[:, :1] < 0.5).astype(np.float32)

    def darker(self, batch):
        """Erases watermarks: pages become black."""
        image, mask = self.net(batch)
        return image * 0, mask

    def eraser(self, what="handwriting"):
        net = self.net if what == "handwriting" else self.darker
        return Eraser([net], quality="published", tile=64, margin=16, tta="none")


class Client(httpx.Client):
    """What a user does, in fewer words. Answers with a problem are asserted to be short JSON."""

    def request(self, *arguments, **options):
        answer = super().request(*arguments, **options)
        if answer.status_code >= 400:
            assert list(answer.json()) == ["detail"]
            assert isinstance(answer.json()["detail"], str)
            assert "/" not in answer.json()["detail"]
        return answer

    def upload(self, content, name="page.png", **fields):
        if isinstance(content, np.ndarray):
            content = encode_image(content)
        return self.post("/api/erase", files={"file": (name, content)}, data=fields)

    def finish(self, job_id):
        """All that its events say, until it is finished."""
        text = self.get("/api/events", params={"job": job_id}).text
        return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]

    def erase(self, content, name="page.png"):
        job_id = self.upload(content, name).json()["id"]
        return self.finish(job_id)[-1]

    def picture(self, job, kind, number=1):
        answer = self.get(f"/api/jobs/{job['id']}/pages/{number}/{kind}")
        assert answer.status_code == 200, answer.text
        image = read_image("answer", answer.content)
        return image[..., 0] if kind == "mask" else image

    def brush(self, job, *strokes, number=1):
        url = f"/api/jobs/{job['id']}/pages/{number}/strokes"
        return self.put(url, json={"strokes": strokes})

    def wait(self, job, state):
        deadline = time.monotonic() + 30
        while self.get(f"/api/jobs/{job['id']}").json()["state"] != state:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.fixture
def serve(gate, tmp_path, monkeypatch):
    """serve(limits that differ): a client of a server on a free port, as a context manager.

    Its private folder is in `tmp_path`/tmp.
    """
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    @contextmanager
    def start(make_eraser=gate.eraser, failed=None, **limits):
        app = create_app(make_eraser, Limits(**LIMITS | limits), LOOPBACK, failed)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            address = "http://127.0.0.1:{1}".format(*listener.getsockname())
            try:
                with Client(base_url=address, timeout=30) as client:
                    yield client
            finally:
                gate.opened.set()
                server.should_exit = True
                thread.join()

    return start


@pytest.fixture
def client(serve):
    with serve() as client:
        yield client


@pytest.fixture
def page():
    """uint8 H,W,3: more than one tile; ink and paper."""
    page = np.random.default_rng(5).integers(150, 256, (90, 130, 3), np.uint8)
    page[20:24, 30:100] = page[60:64, 10:60] = 20
    return page


@pytest.fixture
def make_pdf():
    def make(*pages):
        return img2pdf.convert([encode_image(page) for page in pages])

    return make


@pytest.fixture
def read_pdf():
    """A PDF's pages as pictures, H,W,3."""
    import pypdfium2

    def read(content):
        pdf = pypdfium2.PdfDocument(io.BytesIO(content))
        return [page.render(scale=1).to_numpy() for page in pdf]

    return read
