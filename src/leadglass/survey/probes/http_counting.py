"""Asking a web server what must not be transcribed: how much there is, and which kinds of personal data."""

from __future__ import annotations

from collections.abc import Mapping

from leadglass.survey.level import Level
from leadglass.survey.probes.http_talk import HttpTalk

__all__ = ["HttpCounts", "HttpKinds"]


class HttpCounts(HttpTalk):
    """Asks for counts. What was kept are numbers, and they are the tally."""

    kind = "http counts"
    level = Level.COUNTS

    @property
    def tally(self) -> Mapping[str, int | bool | str]:
        return {"answers": self.rendered().decode("latin-1")}

    def recall(self, tally: Mapping[str, int | bool | str]) -> None:
        self.receive(str(tally.get("answers", "")).encode("latin-1", "replace"))
        self.hung_up()


class HttpKinds(HttpCounts):
    """Asks what records are made of. What was kept are words of ours, and they are the tally."""

    kind = "http kinds"
    level = Level.KINDS
