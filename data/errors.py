"""What to say of an exception that somebody else raised."""

import sys
from collections.abc import Callable
from typing import NoReturn


def reason(error: BaseException) -> str:
    """The exception's message; its type's name where it has none, as most MemoryErrors do."""
    return str(error) or type(error).__name__


def exit_with(main: Callable[[], int], stopped: str) -> NoReturn:
    """Exit with the status of a command's main; of Ctrl-C say `stopped`, without a traceback."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        sys.exit(130)  # as shells say of a program that was interrupted
