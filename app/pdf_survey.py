"""A PDF's pages' sizes, looked up in a process of its own: see `uploads.survey`.

    python -m app.pdf_survey REQUEST <FILE

REQUEST is JSON: a path to name, and limits. So is the answer on stdout: the sizes, or why not.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from contextlib import suppress
from pathlib import Path

import pikepdf

from app.schema import Limits
from app.uploads import SECONDS, TooLarge, check_count, check_size
from data.documents import open_document

MEMORY = 2**30  # bytes, and COPIES of the file
COPIES = 8


def main() -> None:
    request = json.loads(sys.argv[1])
    path, limits = Path(request["path"]), Limits(**request["limits"])
    content = sys.stdin.buffer.read()
    for kind, most in (
            (resource.RLIMIT_AS, MEMORY + COPIES * len(content)), (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, SECONDS)):  # the server may be gone
        with suppress(ValueError):  # a lower one holds, or it is a Mac, which bounds no memory
            resource.setrlimit(kind, (most, most))
    try:
        _check(path, content, limits)
        with open_document(path, content) as document:
            answer = {"sizes": document.sizes}
    except TooLarge as error:
        answer = {"too_large": str(error)}
    except ValueError as error:
        answer = {"unreadable": str(error)}
    print(json.dumps(answer))


def _check(path: Path, content: bytes, limits: Limits) -> None:
    """Raise TooLarge beyond a limit, MemoryError where objects unpack to more than there may be.

    It is left to others to say what else is wrong with a PDF.
    """
    with (suppress(pikepdf.PdfError, pikepdf.PasswordError),
          pikepdf.open(io.BytesIO(content)) as pdf):
        check_count(path, len(pdf.pages), limits)
        for item in pdf.objects:
            if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image":
                with suppress(AttributeError, TypeError, ValueError):
                    check_size(path, (int(item.Width), int(item.Height)), limits)
        if any("bad_alloc" in str(warning) for warning in pdf.get_warnings()):
            raise MemoryError  # which qpdf takes for damage


if __name__ == "__main__":
    main()
