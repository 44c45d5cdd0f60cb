"""Write a network as ONNX.

    python export.py WEIGHTS OUT.onnx [--overwrite]

The graph takes `tile`, float32 N,3,H,W RGB in [0, 1] with H and W multiples of 32 (inpainting
networks the hole as a fourth channel), and gives an eraser's `image`, N,3,H,W, not clipped, and
`mask`, N,1,H,W in [0, 1], 1 where there is ink to erase; of a text segmenter the mask alone, of a
detector `scores`, N,2,H/2,W/2. It is run beside Paddle on two sizes of input, and refused where
they differ by more than 1e-3. Metadata say what the checkpoint does (architecture, width, form) and
its digest.
Exit status: 0 done, 2 wrong arguments, weights that cannot be used or a place that cannot be
written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from data.cores import start_paddle

start_paddle()

from data.files import write_bytes
from infer.engines import export


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("weights", type=Path, metavar="WEIGHTS", help="checkpoint, .pdparams")
    parser.add_argument("out", type=Path, metavar="OUT.onnx", help="file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT.onnx if it exists")
    options = parser.parse_args(arguments)
    try:
        if options.out.suffix != ".onnx":
            raise ValueError(f"{options.out}: the name must end in .onnx")
        if options.out.exists() and not options.overwrite:
            raise ValueError(f"{options.out}: exists; --overwrite replaces it")
        graph = export(options.weights)
        write_bytes(options.out, graph)
    except ValueError as error:
        print(f"export.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"export.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"{options.out}: {len(graph) / 1e6:.1f} MB, as Paddle computes it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
