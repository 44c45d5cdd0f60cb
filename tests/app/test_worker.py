from pathlib import Path

import pytest

from app.jobs import Jobs
from app.worker import Worker
from data.image_io import encode_image


@pytest.fixture
def work(gate, tmp_path, page):
    """work(seconds): what becomes of a page that may take so long."""
    def work(seconds, change=lambda eraser: None):
        jobs = Jobs(tmp_path, queue=1, seconds=60)
        job = jobs.add("a.png", Path("a.png"), encode_image(page), [(130, 90)])
        eraser = gate.eraser()
        change(eraser)
        worker = Worker(jobs, lambda what: eraser, None, seconds)
        worker.start()
        while job.state in ("waiting", "running"):
            pass
        jobs.close()
        worker.join()
        return job.pages[0]

    return work


def test_a_page_that_takes_too_long_is_given_up(work, gate):
    page = work(0)
    assert (page.state, page.detail) == ("failed", "it took more than 0 minutes")
    assert gate.tiles == 1
    assert work(60).state == "done"


def test_too_little_memory(work):
    def no_memory(batch):
        raise MemoryError

    page = work(60, lambda eraser: setattr(eraser, "_networks", [no_memory]))
    assert page.detail == "there is not enough memory for a page of this size"
