"""The thread that publishes sealed segments, so that nobody who waits for an entry waits for tiles."""

from __future__ import annotations

import threading
from collections.abc import Callable

from leadglass.gate.ledger.publisher import Publisher, Sealed
from leadglass.terms.errors import LedgerFault

__all__ = ["PublishingThread"]


class PublishingThread:
    """Publishes what it is handed, in order. A disk that fails is tried again; until then segments stay pending."""

    def __init__(self, publisher: Publisher, retry_seconds: float, on_broken: Callable[[str], None]) -> None:
        self._publisher = publisher
        self._retry_seconds = retry_seconds
        self._on_broken = on_broken
        self._condition = threading.Condition()
        self._sealed: list[Sealed] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ledger-publish", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def hand(self, sealed: Sealed) -> None:
        """Publish this segment soon. From any thread."""
        with self._condition:
            self._sealed.append(sealed)
            self._condition.notify()

    def stop(self) -> None:
        """Publish what is there and end. If the disk fails, segments stay pending until the next start."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._sealed and not self._stopping:
                    self._condition.wait()
                work, last = list(self._sealed), self._stopping
            if work and not self._published(work) and not last:
                with self._condition:
                    self._condition.wait(self._retry_seconds)
                continue
            if last:
                return

    def _published(self, work: list[Sealed]) -> bool:
        try:
            self._publisher.publish(work)
        except OSError:
            return False
        except LedgerFault as fault:
            self._on_broken(str(fault))
        except Exception as error:
            self._on_broken(f"publishing the ledger failed for a reason that is a bug ({type(error).__name__})")
            raise
        with self._condition:
            del self._sealed[: len(work)]
        return True
