"""What must be known to read a figure, and what processes used."""

from __future__ import annotations

import importlib.metadata
import mmap
import os
import platform
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from helpers.orthanc import orthanc_command

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def facts() -> dict[str, object]:
    """Machine and versions."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": cpu.group(1) if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * PAGE / 1e9),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "leadglass": importlib.metadata.version("leadglass"),
        "commit": _first_line("git", "describe", "--always", "--dirty"),
        "dcmtk": _first_line("storescu", "--version"),
        "orthanc": _first_line(orthanc_command() or "Orthanc", "--version"),
        "load_before": os.getloadavg()[0],
    }


def _first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "missing"
    return (done.stdout or done.stderr).partition("\n")[0]


def hold_memory(gigabytes: float) -> mmap.mmap | None:
    """Touches so much memory and keeps it, so that servers and page cache work in pages the machine already gave us.

    A virtual machine may hand free memory back to its host; the first touch of such a page is slow (0.3 GB/s seen),
    and whoever is measured first would pay for it.
    """
    if gigabytes <= 0:
        return None
    held = mmap.mmap(-1, int(gigabytes * 1e9))
    for at in range(0, len(held), PAGE):
        held[at] = 1
    return held


def memory_available_gb() -> float:
    found = re.search(r"MemAvailable:\s*(\d+) kB", Path("/proc/meminfo").read_text())
    return int(found.group(1)) * 1024 / 1e9 if found else 0.0


class Usage:
    """CPU time and peak memory of processes and their descendants while the block runs.

    Memory is the sum of resident sizes, sampled every 20 ms; shared pages of forked children count more than once.
    """

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.peak_mb = 0.0
        self.cpu_seconds = 0.0

    def __enter__(self) -> Usage:
        self._before = self._cpu()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.cpu_seconds = self._cpu() - self._before

    def _sample(self) -> None:
        while not self._stop.wait(0.02):
            resident = sum(_resident(pid) for pid in self._everybody())
            self.peak_mb = max(self.peak_mb, resident / 1e6)

    def _cpu(self) -> float:
        """Seconds used so far, ended children included (`wait`ed for by their parent)."""
        return sum(sum(map(int, _stat(pid)[11:15])) for pid in self._everybody()) / TICKS

    def _everybody(self) -> Iterator[int]:
        for pid in self._pids:
            yield from _family(pid)


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield from _family(child)


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 50


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0
