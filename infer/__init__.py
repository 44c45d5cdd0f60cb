"""Erasing whole pages: `Eraser()(image) -> image`."""

import zlib  # noqa: F401  before Paddle 2.6, whose own zlib breaks Python's

from infer.eraser import Eraser, Result

__all__ = ["Eraser", "Result"]
