"""The server as an ASGI application: `create_app`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.routing import Match

from app.api import EVERYWHERE, router
from app.folder import PrivateFolder
from app.guard import Guard
from app.jobs import NO_SPACE, Jobs
from app.schema import Limits
from app.worker import Worker

STATIC = Path(__file__).parent / "static"
EXAMPLES = Path(__file__).parent.parent / "examples"
FORM = 2**16  # bytes of a form around a file


def create_app(
    make_eraser: Callable, limits: Limits, hosts: Collection[str] | None,
    failed: Callable[[Exception], object], stopping: Callable[[], bool] = lambda: False,
) -> Guard:
    """The server.

    It starts by calling `make_eraser` in a thread of its own; `failed` gets what that raised.
    `hosts` are the names that it answers to, None for any. Streams end once it is `stopping`.
    """
    seconds = limits.minutes * 60

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        folder = PrivateFolder()
        jobs = Jobs(folder.path, limits.queue, seconds)
        worker = Worker(jobs, make_eraser, failed, seconds)
        app.state.folder, app.state.jobs, app.state.worker = folder.path, jobs, worker
        app.state.limits = limits
        app.state.checking, app.state.checking_pdf = asyncio.Lock(), asyncio.Lock()
        app.state.stopping = stopping
        worker.start()
        tidying = asyncio.create_task(_forget_old(jobs, min(5, seconds / 10)))
        yield
        tidying.cancel()
        jobs.close()
        await asyncio.to_thread(worker.join)  # it ends with the tile in progress
        folder.remove()

    app = FastAPI(
        title="Text eraser", version="1", lifespan=lifespan, docs_url=None, redoc_url=None,
        description="Erases handwriting and watermarks from pages. A job is a document of one page "
                    "or more; its pages are erased one after the other.",
        responses=EVERYWHERE, generate_unique_id_function=lambda route: route.name)
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.mount("/examples", StaticFiles(directory=EXAMPLES))
    for path, name in (("/", "index.html"), ("/api", "api.html")):
        app.add_route(path, _page(STATIC / name), include_in_schema=False)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(405, _not_allowed)
    app.add_exception_handler(OSError, _disk_full)
    app.add_exception_handler(Exception, _broken)
    return Guard(app, limits.megabytes * 2**20 + FORM, hosts)


async def _forget_old(jobs: Jobs, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        await asyncio.to_thread(jobs.forget)


def _page(path: Path) -> Callable:
    def answer(request: Request) -> FileResponse:
        return FileResponse(path)

    return answer


async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    found = (f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
             for problem in error.errors()[:5])
    return JSONResponse({"detail": "; ".join(found)}, 422)


async def _not_allowed(request: Request, error: HTTPException) -> JSONResponse:
    # Starlette names only the methods of the first route with that path.
    allowed = {method for route in router.routes if route.matches(request.scope)[0] == Match.PARTIAL
               for method in route.methods}
    headers = {"Allow": ", ".join(sorted(allowed))} if allowed else error.headers
    return JSONResponse({"detail": error.detail}, 405, headers)


async def _disk_full(request: Request, error: OSError) -> JSONResponse:
    if error.errno not in NO_SPACE:
        raise error
    return JSONResponse({"detail": "the server's disk is full"}, 507)


async def _broken(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "something went wrong in the server"}, 500)
