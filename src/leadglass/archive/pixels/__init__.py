"""Strangers' pixels, turned and drawn in worker processes: what a crafted image can reach is one process that knows one
image (docs/decisions/0023).

    workers.py   the pool deeds ask                      worker.py   one process, from the archive's side
    process.py   what runs in it, and what it gives up   wire.py     what goes through the pipe
"""

from leadglass.archive.pixels.faults import TranscodingFault
from leadglass.archive.pixels.workers import PixelLimits, PixelWorkers

__all__ = ["PixelLimits", "PixelWorkers", "TranscodingFault"]
