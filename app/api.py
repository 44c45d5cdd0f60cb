"""The HTTP API, as /openapi.json documents it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from contextlib import ExitStack
from functools import partial
from tempfile import TemporaryFile
from typing import Annotated, Literal

from fastapi import (
    APIRouter,
    Depends,
    Form,
    HTTPException,
    Path,
    Query,
    Request,
    Response,
    UploadFile,
)
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse
from starlette.background import BackgroundTask

from app import downloads, jobs, schema
from app.uploads import TooLarge, clean_name, is_pdf, survey

RETRY = 5  # seconds until somebody who found the queue full may try again
TICK = 0.2  # seconds between looks at what has changed
KINDS = {"input": "image/png", "result": "image/png", "mask": "image/png", "thumb": "image/jpeg"}
FORMS = {"zip": ("application/zip", downloads.write_zip),
         "pdf": ("application/pdf", downloads.write_pdf)}


def _problem(status: int, description: str) -> dict:
    # Not as a model: FastAPI would say that a stream's problems are events.
    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {status: {"description": description, "content": {"application/json": reference}}}


EVERYWHERE = {
    **_problem(400, "The body cannot be read."), **_problem(403, "Sent by another site's page."),
    **_problem(408, "The body did not come in time."), **_problem(413, "More than a limit allows."),
    **_problem(421, "Sent to another name than this server's."),
    **_problem(422, "Not what is expected here."), **_problem(507, "The server's disk is full."),
}
UNKNOWN = _problem(404, "No such job or page, or forgotten since.")
TOO_EARLY = _problem(409, "Not erased yet, or it failed.")
FULL = {429: {"model": schema.Problem, "description": "Too many documents wait.", "headers": {
    "Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}}}

router = APIRouter()


def _files(*media_types: str) -> dict:
    return {200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}
                              for media_type in media_types}}}


def find_job(
    request: Request, job_id: Annotated[str, Path(description="as `erase` gave it")]
) -> jobs.Job:
    try:
        return request.app.state.jobs.get(job_id)
    except KeyError:
        raise HTTPException(404, "no such job, or forgotten since") from None


Job = Annotated[jobs.Job, Depends(find_job)]


def find_page(job: Job, number: Annotated[int, Path(description="from 1")]) -> jobs.Page:
    if not 1 <= number <= len(job.pages):
        raise HTTPException(404, f"the document has pages 1 to {len(job.pages)}")
    return job.pages[number - 1]


def find_jobs(
    request: Request,
    job: Annotated[list[str], Query(min_length=1, max_length=1000, description="their ids")],
) -> list[jobs.Job]:
    return [find_job(request, job_id) for job_id in dict.fromkeys(job)]


Page = Annotated[jobs.Page, Depends(find_page)]
SomeJobs = Annotated[list[jobs.Job], Depends(find_jobs)]


@router.get("/api/status")
def status(request: Request) -> schema.Status:
    """How the server is."""
    state = request.app.state
    engine = state.worker.engine
    return schema.Status(state="ready" if engine else "loading", engine=engine,
                         waiting=state.jobs.waiting, limits=state.limits)


@router.post("/api/erase", status_code=202, responses=FULL)
async def erase(
    request: Request, response: Response, file: UploadFile,
    what: Annotated[schema.What, Form(description="what is to go")] = "handwriting",
) -> schema.Job:
    """Queue an image or a PDF."""
    state, name = request.app.state, clean_name(file.filename)

    head = await file.read(1024)
    await file.seek(0)
    try:
        # One upload of a kind in memory at a time; a PDF may take long.
        async with state.checking_pdf if is_pdf(head) else state.checking:
            await _require_client(request)
            content = await asyncio.to_thread(file.file.read)
            path, sizes = await asyncio.to_thread(survey, name, content, state.limits)
            await _require_client(request)
            job = await asyncio.to_thread(state.jobs.add, name, path, content, sizes, what)
    except TooLarge as error:
        raise HTTPException(413, str(error)) from None
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    except jobs.Full:
        raise HTTPException(429, "too many documents wait; try again soon",
                            {"Retry-After": str(RETRY)}) from None
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return _view(job)


@router.get("/api/jobs/{job_id}", responses=UNKNOWN)
def job(job: Job) -> schema.Job:
    """How a job is."""
    return _view(job)


@router.delete("/api/jobs/{job_id}", status_code=204, responses=UNKNOWN)
def cancel(request: Request, job: Job) -> None:
    """Cancel a job, and remove all that was sent and made."""
    request.app.state.jobs.drop(job)


@router.get("/api/events", response_class=EventSourceResponse, responses=UNKNOWN)
async def events(request: Request, jobs: SomeJobs) -> AsyncIterable[schema.Job]:
    """Server-sent events: each job whenever it has changed, until all of them are finished."""
    seen: dict[str, schema.Job] = {}
    while not request.app.state.stopping():
        for job in jobs:
            now = _view(job)
            if seen.get(job.id) != now:
                seen[job.id] = now
                yield now
        if not any(now.state in ("waiting", "running") for now in seen.values()):
            return
        await asyncio.sleep(TICK)


@router.get("/api/jobs/{job_id}/pages/{number}/strokes", responses=UNKNOWN)
def strokes(page: Page) -> schema.Strokes:
    """A page's brush strokes."""
    return schema.Strokes(strokes=page.strokes)


@router.put("/api/jobs/{job_id}/pages/{number}/strokes", responses=UNKNOWN | TOO_EARLY)
def redo(request: Request, job: Job, page: Page, strokes: schema.Strokes) -> schema.Job:
    """Replace a page's brush strokes, and redo what they touch."""
    _require_result(page)
    request.app.state.jobs.edit(page, strokes.strokes)
    return _view(job)


@router.get("/api/jobs/{job_id}/pages/{number}/{kind}", response_class=Response,
            responses=UNKNOWN | TOO_EARLY | _files(*sorted(set(KINDS.values()))))
def picture(
    job: Job, page: Page, kind: Literal["input", "result", "mask", "thumb"]
) -> Response:
    """A page as it came, erased, where ink was seen (white), or the result's thumbnail."""
    _require_result(page)
    try:
        return Response(job.path(page, kind).read_bytes(), media_type=KINDS[kind])
    except FileNotFoundError:  # forgotten meanwhile
        raise HTTPException(404, "no such job, or forgotten since") from None


@router.get("/api/download", response_class=Response, responses=UNKNOWN | TOO_EARLY | _files(
    *(media_type for media_type, _ in FORMS.values())))
def download(
    request: Request, jobs: SomeJobs, form: Literal["zip", "pdf"] = "zip"
) -> StreamingResponse:
    """The erased pages of some jobs in one file: PNGs in a zip, or a PDF.

    Pages of a PDF that are not erased stay as they came.
    """
    if not any(page.version for job in jobs for page in job.pages):
        raise HTTPException(409, "no page is erased yet")
    media_type, write = FORMS[form]
    with ExitStack() as opened:
        stream = opened.enter_context(TemporaryFile(dir=request.app.state.folder))
        try:
            write(stream, jobs)
        except Exception:  # libraries make of a missing file what they like
            if all(job.path(page, "result").exists()
                   for job in jobs for page in job.pages if page.version):
                raise
            raise HTTPException(404, "a job was forgotten meanwhile") from None
        headers = {"Content-Length": str(stream.tell()),
                   "Content-Disposition": f'attachment; filename="erased.{form}"'}
        stream.seek(0)
        return StreamingResponse(
            iter(partial(stream.read, 2**20), b""), media_type=media_type, headers=headers,
            background=BackgroundTask(opened.pop_all().close))


async def _require_client(request: Request) -> None:
    if await request.is_disconnected():
        raise HTTPException(400, "the connection was closed")  # nobody hears it


def _view(job: jobs.Job) -> schema.Job:
    return schema.Job.model_validate(job, from_attributes=True)


def _require_result(page: jobs.Page) -> None:
    if page.state == "failed" and not page.version:
        raise HTTPException(409, f"page {page.number} failed: {page.detail}")
    if not page.version:
        raise HTTPException(409, f"page {page.number} is not erased yet")
