"""Clients that store over HTTPS and know exactly what they were promised."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from itertools import islice

import httpx2

from helpers.images import Image
from helpers.senders import Record
from helpers.stow import STOW, failed, form, other_failures, stored
from leadglass.dicom.part10 import split

__all__ = ["stow_until_lost"]


async def stow_until_lost(
    port: int, trust: ssl.SSLContext, token: str, images: Iterator[Image], record: Record, *, at_once: int
) -> None:
    """Store the images, so many a request, one request after another, until the server is gone."""
    headers = {**STOW, "Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(verify=trust, trust_env=False, timeout=60) as client:
        while batch := list(islice(images, at_once)):
            files = [image.file() for image in batch]
            for image, file in zip(batch, files, strict=True):
                record.begin(image, file[split(file).dataset_offset :])
            body = form(files)
            try:
                response = await client.post(
                    f"https://localhost:{port}/dicom-web/studies", content=body, headers=headers
                )
                answer = response.json()
            except (httpx2.TransportError, ValueError):  # no answer, or half of one
                return
            assert response.status_code in (200, 202, 409), answer
            _heed(answer, batch, record)


def _heed(answer: dict[str, object], batch: Iterable[Image], record: Record) -> None:
    assert not other_failures(answer)
    acknowledged, refusals = set(stored(answer)), failed(answer)
    assert acknowledged | refusals.keys() == {image.sop_instance_uid for image in batch}
    for image in batch:
        status, words = refusals.get(image.sop_instance_uid, (0, ""))
        record.end(image, status, words)
