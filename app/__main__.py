"""Serve the web page.

    python -m app [--port 8000]

Pages are erased on this machine, and nothing is fetched from elsewhere. Exit status: 0 when it was
stopped, 2 where it cannot begin.
"""

from __future__ import annotations

import argparse
import errno
import socket
import sys
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import uvicorn

from app.guard import LOOPBACK
from app.schema import Limits
from app.server import create_app

LIMITS = Limits(megabytes=50, megapixels=50, pages=100, queue=64, minutes=10)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    problems: list[Exception] = []

    def load(what: str):
        from data.cores import start_paddle

        start_paddle(options.threads)
        from infer import Eraser

        if what == "watermark":
            return Eraser(quality=what, threads=options.threads)
        return Eraser(options.weights, threads=options.threads, **options.quality)

    def failed(error: Exception) -> None:
        problems.append(error)
        server.should_exit = True

    try:
        for path in options.weights or []:
            path.open("rb").close()
        listener = listen(options.host, options.port)
    except OSError as error:
        what = error.filename or f"{options.host} port {options.port}"
        return refuse(f"{what}: {error.strerror}")
    address, port = listener.getsockname()[:2]
    private = ip_address(address).is_loopback
    limits = Limits(**{name: getattr(options, name) for name in Limits.model_fields})
    server = uvicorn.Server(uvicorn.Config(
        create_app(load, limits, {*LOOPBACK, options.host} if private else None, failed,
                   lambda: server.should_exit),
        log_level="warning", access_log=False, server_header=False, proxy_headers=False,
        timeout_graceful_shutdown=1))
    shown = f"[{options.host}]" if ":" in options.host else options.host
    print(f"Text eraser: http://{shown}:{port}  (Ctrl+C ends it)", flush=True)
    if not private:
        print("python -m app: anybody who can reach this machine can use the page, without a "
              "password and unencrypted", file=sys.stderr)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    return refuse(str(problems[0])) if problems else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app", description=__doc__.split("\n")[0])
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS",
                        help="where to listen (127.0.0.1: this machine only; 0.0.0.0: everywhere)")
    parser.add_argument("--port", type=port_number, default=8000, help="(8000; 0: any free one)")
    parser.add_argument("--quality", type=quality, default={}, metavar="NAME",
                        help="how much work a page with handwriting is worth, as of test.sh")
    parser.add_argument("--weights", type=Path, nargs="+", metavar="FILE",
                        help="checkpoints for handwriting, fused by average (the bundled ones)")
    parser.add_argument("--threads", type=positive, metavar="N",
                        help="processor threads (all cores that the program may use)")
    for name, what in (("queue", "documents that may wait"), ("megabytes", "of a file"),
                       ("megapixels", "of a page"), ("pages", "of a document"),
                       ("minutes", "that a page may take, and that unused results are kept")):
        default = getattr(LIMITS, name)
        parser.add_argument(f"--{name}", type=positive, default=default, metavar="N",
                            help=f"{what} ({default})")
    return parser.parse_args(arguments)


def quality(name: str) -> dict[str, str]:
    if name == "watermark":
        raise argparse.ArgumentTypeError("that is for handwriting; the page has a choice of "
                                         "watermarks, and the API what=watermark")
    return {"quality": name}


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def port_number(text: str) -> int:
    if not 0 <= (number := int(text)) < 2**16:
        raise ValueError
    return number


# What argparse calls them in its messages.
positive.__name__, port_number.__name__ = "whole number above 0", "port"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises OSError."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except UnicodeError:  # such as of two dots
        raise OSError(errno.EINVAL, "not a name that a machine may have") from None
    return socket.create_server(address[:2], family=family)


def refuse(message: str) -> int:
    print(f"python -m app: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
