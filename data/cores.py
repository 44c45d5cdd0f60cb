"""How many cores there are for us, and a quiet start of Paddle on all of them."""

import contextlib
import io
import os
import warnings
import zlib  # noqa: F401  before Paddle 2.6, whose own zlib breaks Python's


def usable_cores() -> int:
    """Cores that this process may run on: on Linux those that taskset or a cpuset leaves it.

    A share of processor time, as `docker run --cpus` sets it, does not lower the number.
    """
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start_paddle(threads: int | None = None) -> None:
    """Import Paddle for the first time, with all usable cores, oneDNN, and no chatter on stderr.

    All three are read from the environment when Paddle is imported; what is set there already
    stays, but for the number of threads where one is given.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(usable_cores()))
    if threads and threads > 0:
        os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ.setdefault("FLAGS_use_mkldnn", "1")
    os.environ.setdefault("GLOG_minloglevel", "2")
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no ccache here, and more than one thread: both are fine
        import paddle  # noqa: F401
