"""How a frame shall be drawn (PS3.18 §8.3.5.1, §9.1.2.2): a plain value, followed in a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["MEDIA_TYPES", "WINDOW_FUNCTIONS", "Drawing", "Window"]

WINDOW_FUNCTIONS: Final = ("linear", "linear-exact", "sigmoid")
"""As they are written in a query (PS3.18 §8.3.5.1.4); what they mean: PS3.3 §C.11.2.1.2, §C.11.2.1.3."""

MEDIA_TYPES: Final = ("image/jpeg", "image/png", "image/gif")
"""What a frame can be drawn as, the default first."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which values of the modality become black and which white."""

    center: float
    width: float
    function: str = "linear"


@dataclass(frozen=True, slots=True)
class Drawing:
    """One picture of one frame. What is None is left to the object itself."""

    media_type: str = "image/jpeg"
    frame: int = 0  # counted from 0: which item of the per-frame functional groups is its own
    window: Window | None = None
    viewport: tuple[int, int] | None = None  # the picture is scaled to fit into so many columns and rows
    region: tuple[int, int, int, int] | None = None  # left, top, columns and rows of the frame that are shown
    quality: int = 90  # of a JPEG, 1 to 100

    def to_json(self) -> dict[str, str | int | Sequence[int | float | str] | None]:
        """As the worker is told it."""
        window = self.window
        return {
            "media_type": self.media_type,
            "frame": self.frame,
            "window": None if window is None else [window.center, window.width, window.function],
            "viewport": self.viewport,
            "region": self.region,
            "quality": self.quality,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Drawing:
        """What `to_json` wrote."""
        viewport, region = said["viewport"], said["region"]
        return cls(
            media_type=said["media_type"],
            frame=said["frame"],
            window=Window(*said["window"]) if said["window"] is not None else None,
            viewport=(viewport[0], viewport[1]) if viewport is not None else None,
            region=(region[0], region[1], region[2], region[3]) if region is not None else None,
            quality=said["quality"],
        )
