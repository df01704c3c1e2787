"""How a picture is asked for in a query (PS3.18 §8.3.5.1): read into a value, or refused by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from leadglass.dicom.drawing import WINDOW_FUNCTIONS, Drawing, Window
from leadglass.terms.ceilings import MAX_VIEWPORT
from leadglass.terms.errors import PeerAnswer, PeerViolation
from leadglass.web.dicomweb.route import Parameter

__all__ = ["PARAMETERS", "VIEWPORT", "number", "read_drawing", "read_quality", "read_viewport", "whole_number"]

VIEWPORT: Final = Parameter(
    "viewport", "Columns and rows the picture has to fit into, then (optionally) left, top, columns, rows of the frame."
)
PARAMETERS: Final = (
    Parameter("window", "Center, width and function: linear, linear-exact or sigmoid (§8.3.5.1.4)."),
    VIEWPORT,
    Parameter("quality", "Of a JPEG, 1 to 100.", "integer"),
    Parameter("annotation", "Taken and left aside: nothing is ever written into a picture."),
    Parameter("iccprofile", "Taken and left aside: pictures carry no profile and mean sRGB."),
    Parameter("accept", "A media type, for those who cannot set headers.", is_repeatable=True),
)


def read_drawing(query: Mapping[str, str], media_type: str) -> Drawing:
    """The drawing a WADO-RS query asks for. PeerViolation names the parameter that makes no sense."""
    viewport, region = read_viewport(query.get("viewport"))
    return Drawing(
        media_type=media_type,
        window=_window(query["window"]) if "window" in query else None,
        viewport=viewport,
        region=region,
        quality=read_quality("quality", query.get("quality")),
    )


def read_viewport(text: str | None) -> tuple[tuple[int, int] | None, tuple[int, int, int, int] | None]:
    """The viewport, and the region of the frame that is shown in it (§8.3.5.1.3)."""
    if text is None:
        return None, None
    parts = text.split(",")
    if len(parts) not in (2, 6):
        raise _nonsense("viewport is columns,rows or columns,rows,left,top,columns,rows", "§8.3.5.1.3")
    viewport = whole_number("viewport", parts[0]), whole_number("viewport", parts[1])
    if len(parts) == 2:
        return viewport, None
    left, top = (whole_number("viewport", part or "0", least=0, most=0xFFFF) for part in parts[2:4])
    columns, rows = (whole_number("viewport", part or "65535", most=0xFFFF) for part in parts[4:6])
    return viewport, (left, top, columns, rows)


def read_quality(name: str, text: str | None) -> int:
    """1 to 100; a good one if nothing is said."""
    return Drawing().quality if text is None else whole_number(name, text, most=100)


def whole_number(name: str, text: str, *, least: int = 1, most: int = MAX_VIEWPORT) -> int:
    """The number written. PeerViolation if it is none, or not within the limits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and least <= int(text) <= most):
        raise _nonsense(f"{name} takes whole numbers from {least} to {most}", "§8.3.5")
    return int(text)


def number(name: str, text: str) -> float:
    """The number written (PS3.5 §6.2, DS). PeerViolation if it is none."""
    try:
        value = float(text) if len(text) <= 64 and text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _nonsense(f"{name} takes numbers", "§8.3.5")
    return value


def _window(text: str) -> Window:
    parts = text.split(",")
    if len(parts) not in (2, 3):
        raise _nonsense("window is center,width,function", "§8.3.5.1.4")
    center, width = number("window", parts[0]), number("window", parts[1])
    function = parts[2].strip().lower() if len(parts) == 3 else "linear"
    if function not in WINDOW_FUNCTIONS:
        raise _nonsense(f"the function of a window is one of {', '.join(WINDOW_FUNCTIONS)}", "§8.3.5.1.4")
    if width <= 0 or (function == "linear" and width < 1):
        raise _nonsense("the width of a window is above zero, and at least 1 if it is linear", "PS3.3 §C.11.2.1.2")
    return Window(center, width, function)


def _nonsense(what: str, clause: str) -> PeerViolation:
    return PeerViolation(what, answer=PeerAnswer(), clause=clause if clause.startswith("PS") else f"PS3.18 {clause}")
