"""The deed of searching (PS3.18 §10.6): as finding, but answered as DICOM JSON, from an offset and up to a limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.finding import may_find
from leadglass.archive.search_request import SearchRequest, read_search_request
from leadglass.gate.door import Disclosed
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.search import Place, SearchPage
from leadglass.store.index.search import search as search_index
from leadglass.terms.ceilings import MAX_FIND_PAGE
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.terms.visibility import Visibility

__all__ = ["QueryLevel", "SearchAnswer", "SearchRequest", "read_search_request", "search"]


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """`first` and then `rest` are pages of answers, one JSON object each; each page is in the ledger before it is
    given. `rest` raises LedgerFault or StorageFault, and then yields nothing for it."""

    first: list[bytes]
    rest: AsyncIterator[list[bytes]]
    has_rest: bool  # `rest` will yield something
    has_more: bool  # there are more answers than were asked for

    @property
    async def pages(self) -> AsyncIterator[list[bytes]]:
        """All pages; none if there is no answer."""
        if self.first:
            yield self.first
        async for page in self.rest:
            yield page


async def search(archive: Archive, caller: Caller, request: SearchRequest, root: str = "") -> SearchAnswer | Refused:
    """What the caller may see of what matches, newest study first. `root` is the service's base URI, for RetrieveURL.

    The first page, even an empty one, is in the ledger when this returns. Refused (and recorded) if the caller may not
    query at all. LedgerFault or StorageFault: nothing was given.
    """
    refusal = await may_find(archive, caller)
    if refusal is not None:
        return refusal
    visibility = await archive.gate.visibility(caller.principal, Action.QUERY)
    pages = _Pages(archive, caller, request, visibility, root)
    first = await pages.page(request.offset, None, request.limit)
    left = request.limit - len(first)
    has_rest = first.has_more and left > 0
    has_more = await pages.is_there(request.offset + request.limit) if has_rest else first.has_more
    return SearchAnswer(first.objects, pages.behind(first, left if has_rest else 0), has_rest, has_more)


@dataclass(frozen=True, slots=True)
class _Pages:
    archive: Archive
    caller: Caller
    request: SearchRequest
    visibility: Visibility
    root: str

    async def page(self, offset: int, after: Place | None, limit: int) -> SearchPage:
        """At most a page from this place on, written down."""
        request = self.request
        page: SearchPage = await self.archive.database.read(
            search_index,
            request.level,
            request.keys,
            request.include,
            self.visibility,
            self.root,
            offset,
            min(limit, MAX_FIND_PAGE),
            after,
        )
        await self._write_down(page)
        return page

    async def _write_down(self, page: SearchPage) -> None:
        """Durable on return; while the disk works, the answers are put together."""
        caller, request = self.caller, self.request
        disclosed = [Disclosed(patient, issuer, study) for study, patient, issuer in page.about]
        recording = asyncio.create_task(
            self.archive.gate.record_query(
                caller.principal, caller.door, caller.address, request.level.name, sorted(request.keys), disclosed
            )
        )
        try:
            await asyncio.sleep(0)  # the entry is on its way
            _ = page.objects
        finally:
            await recording

    async def is_there(self, offset: int) -> bool:
        """True if there is an answer at this offset; nothing is told of it but that."""
        request = self.request
        page: SearchPage = await self.archive.database.read(
            search_index, request.level, request.keys, (), self.visibility, "", offset, 0
        )
        return page.has_more

    async def behind(self, page: SearchPage, left: int) -> AsyncIterator[list[bytes]]:
        """At most `left` answers after those of `page`."""
        while left > 0 and page.has_more:
            page = await self.page(0, page.last, left)
            if len(page):
                yield page.objects
            left -= len(page)
