"""Erasing whole pages: `Eraser()(image) -> image`; finding words: `infer.detector`."""

import zlib  # noqa: F401  before Paddle 2.6, whose own zlib breaks Python's

__all__ = ["Eraser", "Result"]


def __getattr__(name: str):
    """Eraser and Result, imported when asked for: infer.detect sets up Paddle before its import."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from infer import eraser

    return getattr(eraser, name)
