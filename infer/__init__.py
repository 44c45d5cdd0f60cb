"""Erasing whole pages: `Eraser()(image) -> image`."""

from infer.eraser import Eraser, Result

__all__ = ["Eraser", "Result"]
