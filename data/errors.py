"""What to say of an exception that somebody else raised."""


def reason(error: BaseException) -> str:
    """The exception's message; its type's name where it has none, as most MemoryErrors do."""
    return str(error) or type(error).__name__
