import asyncio
import time

import pytest

import app.guard
from app.guard import SAFE, Guard


@pytest.mark.parametrize("path, status, cache", [
    ("/", 200, "no-cache"), ("/static/main.js", 200, "no-cache"), ("/api/status", 200, "no-store"),
    ("/api/jobs/none", 404, "no-store"), ("/none", 404, "no-cache"),
])
def test_every_answer_is_safe(client, path, status, cache):
    answer = client.get(path)
    assert answer.status_code == status
    assert SAFE.items() <= dict(answer.headers).items()
    assert answer.headers["cache-control"] == cache
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("host, status", [
    ("localhost", 200), ("127.0.0.1:1", 200), ("[::1]:8000", 200), ("LOCALHOST", 200),
    ("evil.example", 421), ("localhost.evil.example", 421), ("127.0.0.1.evil.example", 421),
    ("", 421), ("[", 421), ("evil.example@localhost:x", 421),
])
def test_other_names_of_this_machine_are_refused(client, host, status):
    answer = client.get("/api/status", headers={"host": host})
    assert answer.status_code == status
    assert SAFE.items() <= dict(answer.headers).items()


@pytest.mark.parametrize("origin, status", [
    (None, 404), ("http://127.0.0.1:8000", 404), ("http://evil.example", 403), ("null", 403),
    ("http://127.0.0.1:9", 403), ("http://[", 403),
])
def test_other_sites_may_not_send(client, origin, status):
    headers = {"host": "127.0.0.1:8000"} | ({"origin": origin} if origin else {})
    assert client.delete("/api/jobs/none", headers=headers).status_code == status
    assert client.get("/api/jobs/none", headers=headers).status_code == 404
    assert "access-control-allow-origin" not in client.options("/", headers=headers).headers


FORM = (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n',
        {"content-type": "multipart/form-data; boundary=x"})
CAPITALS = (FORM[0], {"content-type": "Multipart/Form-Data; boundary=x"})
JSON = (b'{"strokes": "', {"content-type": "application/json"})


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("method, url, begin, size, status", [
    ("POST", "/api/erase", FORM, 3 * 2**20, 413), ("POST", "/api/erase", FORM, 2**20, 422),
    ("POST", "/api/erase", CAPITALS, 3 * 2**19, 422),
    ("PUT", "/api/jobs/none/pages/1/strokes", JSON, 2**21, 413),
    ("PUT", "/api/jobs/none/pages/1/strokes", JSON, 2**19, 422),
])
def test_bodies_are_bounded(client, method, url, begin, size, status, announced):
    parts = [begin[0], *[b"x" * 2**16] * (size // 2**16), b"\r\n--x--\r\n"]
    content = b"".join(parts) if announced else iter(parts)
    assert client.request(method, url, content=content, headers=begin[1]).status_code == status


@pytest.mark.parametrize("stalled, slow", [(0.05, 60), (60, 0.05)])
def test_bodies_come_in_time(client, monkeypatch, stalled, slow):
    monkeypatch.setattr(app.guard, "STALLED", stalled)
    monkeypatch.setattr(app.guard, "SLOW", slow)

    def body():
        yield FORM[0]
        time.sleep(1)

    assert client.post("/api/erase", content=body(), headers=FORM[1]).status_code == 408
    assert client.get("/api/status").status_code == 200


def test_what_is_no_request_passes():
    passed = []

    async def inner(scope, receive, send):
        passed.append(scope["type"])

    asyncio.run(Guard(inner, 1, ())({"type": "lifespan"}, None, None))
    assert passed == ["lifespan"]
