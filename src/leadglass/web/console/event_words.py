"""The ledger's events as sentences for people."""

from __future__ import annotations

from typing import Final

from leadglass.gate.door import Event

__all__ = ["EVENTS", "words_of"]

_WORDS: Final = {
    "ledger-opened": "Archive started",
    "ledger-closed": "Archive stopped",
    "ledger-recovered": "Ledger written again after a failure",
    "associated": "Let in",
    "refused": "Refused",
    "queried": "Searched",
    "episode-opened": "Began",
    "episode-progress": "Went on",
    "episode-closed": "Ended",
    "stored": "Stored",
    "duplicate-refused": "Conflicting object not taken",
    "committed": "Storage commitment answered",
    "deleted": "Study destroyed with its key",
    "device-added": "Device enrolled",
    "device-revoked": "Device revoked",
    "user-added": "User added",
    "user-changed": "User changed",
    "token-created": "Token made",
    "token-revoked": "Token revoked",
    "grant-added": "Grant given",
    "grant-revoked": "Grant taken back",
    "key-rotated": "Key rotated",
    "configured": "Configuration changed",
    "ledger-read": "Ledger read",
    "signed-in": "Signed in",
    "signed-out": "Signed out",
    "invited": "One-time link made",
    "account-made": "Account made with a one-time link",
}
_DOING: Final = {
    "store": "storing",
    "view": "viewing",
    "download": "sending on",
    "share": "sharing",
    "delete": "deleting",
    "query": "searching",
    "verify": "echo",
}
_EPISODES: Final = frozenset({"episode-opened", "episode-progress", "episode-closed"})


def words_of(event: str, action: str) -> str:
    """The sentence. Of an event that is not known here, its own name."""
    words = _WORDS.get(event, event.replace("-", " ").capitalize())
    if event in _EPISODES:
        return f"{words} {_DOING.get(action, action)} a study".replace("  ", " ")
    if event == "refused" and action:
        return f"{words}: {_DOING.get(action, action)}"
    return words


EVENTS: Final = tuple({"value": event.value, "words": _WORDS.get(event.value, event.value)} for event in Event)
"""All kinds of entries, for the filter."""
