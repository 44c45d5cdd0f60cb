"""What the HTTP API takes and gives, as /openapi.json documents it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator

MOST_POINTS = 20_000  # of a page's strokes
MOST_AREA = 10**10  # pixels of the squares of a brush's width at all points: seconds of drawing
What = Literal["handwriting", "watermark"]
State = Literal["waiting", "running", "done", "failed", "cancelled"]
Coordinate = Annotated[float, Field(ge=-20_000, le=100_000, allow_inf_nan=False)]


class Problem(BaseModel):
    """Every answer with a status from 400 up."""

    detail: str = Field(description="What is wrong, and the way out.")


class Limits(BaseModel):
    megabytes: int = Field(description="of a file")
    megapixels: int = Field(description="of a page")
    pages: int = Field(description="of a document")
    queue: int = Field(description="documents that wait")
    minutes: int = Field(description="that a page may take, and that unused results are kept")


class Status(BaseModel):
    state: Literal["loading", "ready"] = Field(
        description="Whether the networks are loaded; jobs may be sent before.")
    engine: str = Field(description="What computes; empty while it is loaded.")
    waiting: int = Field(description="Documents that wait.")
    limits: Limits


class Stroke(BaseModel):
    """A stroke of a round brush. Where strokes cross, the later one wins."""

    kind: Literal["keep", "erase"] = Field(
        description="keep: these pixels stay as they came; erase: fill them from around them.")
    width: float = Field(ge=1, le=1_000, allow_inf_nan=False, description="in pixels of the page")
    points: list[tuple[Coordinate, Coordinate]] = Field(
        min_length=1, description="x and y in pixels of the page")


class Strokes(BaseModel):
    strokes: list[Stroke] = Field(
        max_length=1_000, description="All strokes of the page, with at most "
        f"{MOST_POINTS} points, and {MOST_AREA // 10**6} megapixels of squares of the brush's "
        "width around them; none of them undoes all.")

    @field_validator("strokes")
    @classmethod
    def _bounded(cls, strokes: list[Stroke]) -> list[Stroke]:
        if sum(len(stroke.points) for stroke in strokes) > MOST_POINTS:
            raise ValueError(f"more than {MOST_POINTS} points")
        if sum(len(stroke.points) * stroke.width**2 for stroke in strokes) > MOST_AREA:
            raise ValueError("the brush is too wide for so many points: at all of them its width "
                             f"squared adds up to more than {MOST_AREA // 10**6} megapixels")
        return strokes


class Page(BaseModel):
    number: int = Field(description="from 1")
    width: int
    height: int
    state: State
    done: int = Field(description="tiles done of the work in progress")
    total: int = Field(description="tiles of the work in progress, 0 before they are counted")
    version: int = Field(description="counts results: 0 before the first")
    detail: str = Field(description="Why it failed; else empty.")


class Job(BaseModel):
    """A document: an image is one of one page."""

    id: str
    name: str = Field(description="of the file that was sent")
    what: What = Field(description="what is erased from it")
    state: State
    pages: list[Page]
