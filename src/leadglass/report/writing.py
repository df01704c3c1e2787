"""A model as files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from leadglass.report.exchange import FORMATS, LISTS_SYSTEMS
from leadglass.report.geography import Geometry
from leadglass.report.model import ReportModel
from leadglass.terms.errors import UserFault

__all__ = ["ALL_FORMATS", "write", "written"]

ALL_FORMATS: Final = ("html", "pdf", *FORMATS)


def written(
    model: ReportModel,
    formats: Iterable[str],
    *,
    geometry: Geometry | None = None,
    states: Geometry | None = None,
) -> Mapping[str, bytes]:
    """The files, by name. UserFault for a format that there is not, or that may not be with what is withheld."""
    files: dict[str, bytes] = {}
    for name in dict.fromkeys(formats):
        if name not in ALL_FORMATS:
            raise UserFault(f"there is no format {name!r}", f"Choose from {', '.join(ALL_FORMATS)}.")
        if name in LISTS_SYSTEMS and not model.shown.lists_systems:
            raise UserFault(
                f"{name} lists single systems, which --min-cell withholds",
                f"Leave out --min-cell, or {name}.",
            )
        files |= _made(model, name, geometry, states)
    return files


def _made(model: ReportModel, name: str, geometry: Geometry | None, states: Geometry | None) -> Mapping[str, bytes]:
    if name == "html":
        from leadglass.report.html import html_of

        return {"report.html": html_of(model, geometry=geometry, states=states).encode()}
    if name == "pdf":
        from leadglass.report.pdf import pdf_of  # typst is 34 MB: only who wants paper waits for it

        return {"report.pdf": pdf_of(model, geometry=geometry)}
    return FORMATS[name](model)


def write(files: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Puts the files into the folder, which is made if need be; the paths. Each is there whole, or as it was before."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in files.items():
        draft = folder / f".{name}.draft"
        try:
            draft.write_bytes(content)
            paths.append(draft.replace(folder / name))
        finally:
            draft.unlink(missing_ok=True)
    return paths
