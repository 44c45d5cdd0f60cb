import threading
from pathlib import Path

import pytest

from app.jobs import Full, Jobs


@pytest.fixture
def jobs(tmp_path):
    return Jobs(tmp_path, queue=3, seconds=0)


def add(jobs, name="a.png", pages=1):
    return jobs.add(name, Path(name), b"content", [(20, 10)] * pages)


def test_pages_are_taken_in_order_but_those_to_redo_first(jobs):
    first, second = add(jobs, pages=2), add(jobs)
    assert jobs.waiting == 2
    assert jobs.take() == (first, first.pages[0])
    assert (first.state, jobs.waiting) == ("running", 1)
    first.pages[0].version = 1
    jobs.put_back(first, first.pages[0], "done")
    assert jobs.take() == (first, first.pages[1])
    jobs.edit(first.pages[0], [])
    assert jobs.take() == (first, first.pages[0])
    assert jobs.take() == (second, second.pages[0])
    jobs.close()
    assert jobs.take() is None


def test_taking_waits(jobs):
    taken = []
    thread = threading.Thread(target=lambda: taken.append(jobs.take()))
    thread.start()
    job = add(jobs)
    thread.join(10)
    assert taken == [(job, job.pages[0])]


@pytest.mark.parametrize("pages, state", [
    (["waiting", "waiting"], "waiting"), (["done", "waiting"], "running"),
    (["failed", "running"], "running"), (["done", "failed"], "done"), (["failed"] * 2, "failed"),
])
def test_a_job_is_as_its_pages_are(jobs, pages, state):
    job = add(jobs, pages=len(pages))
    for page, each in zip(job.pages, pages, strict=True):
        page.state = each
    assert job.state == state
    jobs.drop(job)
    assert job.state == "cancelled"


def test_the_queue_is_bounded(jobs):
    several = [add(jobs) for _ in range(3)]
    with pytest.raises(Full):
        add(jobs)
    jobs.drop(several[2])
    add(jobs)


def test_ids_cannot_be_guessed_and_unknown_ones_are_errors(jobs):
    ids = {add(jobs).id for _ in range(3)}
    assert len(ids) == 3
    assert all(len(job_id) >= 22 for job_id in ids)
    with pytest.raises(KeyError):
        jobs.get("none")


def test_finished_jobs_are_forgotten_with_their_files(jobs, tmp_path):
    done, waiting = add(jobs), add(jobs)
    assert [(folder / "upload").read_bytes() for folder in tmp_path.iterdir()] == [b"content"] * 2
    jobs.put_back(*jobs.take(), "done")
    jobs.forget()
    with pytest.raises(KeyError):
        jobs.get(done.id)
    assert list(tmp_path.iterdir()) == [waiting.folder]


def test_use_keeps_a_job(tmp_path):
    jobs = Jobs(tmp_path, queue=3, seconds=60)
    job = add(jobs)
    jobs.put_back(*jobs.take(), "done")
    job.used -= 50
    assert jobs.get(job.id) is job
    job.used -= 50
    jobs.forget()
    assert jobs.get(job.id) is job


def test_files_of_a_job_at_work_go_when_the_work_ends(jobs, tmp_path):
    job = add(jobs)
    _, page = jobs.take()
    jobs.drop(job)
    assert list(tmp_path.iterdir()) == [job.folder]
    jobs.put_back(job, page, "cancelled")
    assert list(tmp_path.iterdir()) == []
