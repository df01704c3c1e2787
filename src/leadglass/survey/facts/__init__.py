"""What is known of products, as data with its sources; `table` reads it.

fingerprints.csv     who says which implementation class UID, version name, path or favicon
orthanc-dcmtk.csv    which Orthanc was built with which DCMTK
honeypots.csv        how honeypots give themselves away
cves.csv             published weaknesses, as they were found written
affected.csv         which versions those concern, in columns that can be compared
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from importlib.resources import files

__all__ = ["table"]


def table(name: str) -> Sequence[dict[str, str]]:
    """The rows of `name`.csv, by the names of its columns."""
    text = files(__package__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
