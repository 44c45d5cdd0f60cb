"""How many cores there are for us, and a quiet start of Paddle on all of them."""

import contextlib
import io
import math
import os
import warnings
import zlib  # noqa: F401  before Paddle 2.6, whose own zlib breaks Python's
from pathlib import Path

# Where a container finds its share of processor time: a quota and a period, in one file or two.
QUOTAS = (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))  # cgroup 2, cgroup 1


def usable_cores(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Cores that this process may keep busy.

    On Linux those that taskset or a cpuset leaves it, and no more than its container's share of
    processor time (`docker run --cpus`, a Kubernetes limit) pays for, rounded up.
    """
    if not hasattr(os, "sched_getaffinity"):  # not Linux
        return os.cpu_count() or 1
    cores = len(os.sched_getaffinity(0))
    for files in QUOTAS:
        try:
            quota, period = " ".join((cgroup / file).read_text() for file in files).split()
            if int(quota) > 0:  # -1 is no limit, as is the word max
                return min(cores, math.ceil(int(quota) / int(period)))
        except (OSError, ValueError, ZeroDivisionError):
            continue
    return cores


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
