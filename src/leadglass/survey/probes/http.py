"""A web port: the first page says what to look for behind it. Mostly five to fifteen questions, the first page first.

Nothing is asked for that the first page, the port or a header does not suggest, save two short lists where it was
granted to ask whether strangers are served: the usual roots of DICOMweb, and FHIR's.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from leadglass.net.conversing import Outcome
from leadglass.survey.fingerprint_http import FAVICONS, signs_of
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, HttpFacts, Sighting, Software, Try, Verdict
from leadglass.survey.probe import Call, Caller, Chance, Probe
from leadglass.survey.probes import couchdb, dcm4chee, dicomweb, elasticsearch, fhir, listings, orthanc, s3, viewers
from leadglass.survey.probes.http_asking import Ask
from leadglass.survey.probes.http_judging import is_refusal, is_trouble
from leadglass.survey.probes.http_keeping import favicon
from leadglass.survey.probes.http_opening import HOW, Door, first_page, not_spoken, open_door
from leadglass.survey.probes.http_visit import Found, Visit
from leadglass.survey.target import Target
from leadglass.terms.ceilings import MAX_LANDING_PAGE

__all__ = ["web_port"]

_PRODUCTS: Final = (orthanc, dcm4chee, viewers, listings, fhir, elasticsearch, couchdb, s3)
_NO_IMAGING: Final = frozenset({"Elasticsearch", "OpenSearch", "CouchDB", "S3 listing", "S3 refusal", "Citrix login"})


def web_port(target: Target, caller: Caller, chance: Chance) -> Probe:
    """What a web port is, and what it would give a stranger."""
    door = yield from open_door(target, caller)
    assert door.ending is not None
    if not door.answer.status:
        return Sighting(
            ending=door.ending,
            tries=not_spoken(door),
            handshakes=tuple(door.handshakes),
            speaks_tls=door.speaks_tls,
        )
    visit = Visit(target=target, caller=caller, chance=chance, tls=door.tls, answers=[door.answer], requests=1)
    yield from _follow(visit)
    icon = yield from _icon(visit)
    found = yield from _looked(visit)
    return _sighting(door, visit, icon, found)


def _follow(visit: Visit) -> Generator[Call, Outcome, None]:
    """One redirection, if it stays at this host and port."""
    location = visit.landing.headers.get("location", "")
    if 300 <= visit.landing.status < 400 and location.startswith("/") and location != "/":
        (answer,) = yield from visit.ask(first_page(location))
        if answer.status:
            visit.answers.append(answer)
            visit.path = location


def _icon(visit: Visit) -> Generator[Call, Outcome, str]:
    """The MD5 of the favicon of a page that says nothing else."""
    if visit.page.kind or visit.landing.status != 200:
        return ""
    (answer,) = yield from visit.ask(Ask("/favicon.ico", favicon, "image/*", MAX_LANDING_PAGE))
    is_icon = answer.status == 200 and answer.is_whole and not answer.headers.get("content-type", "").startswith("text")
    return answer.body.decode().removeprefix("md5:") if is_icon else ""


def _looked(visit: Visit) -> Generator[Call, Outcome, list[Found]]:
    found: list[Found] = []
    for product in _PRODUCTS:
        found += [(yield from product.look(visit))] if product.is_likely(visit) else []
    if visit.may(Level.ACCESS) and visit.page.kind not in _NO_IMAGING:
        found.append((yield from dicomweb.look(visit)))
    settled = viewers.settled(visit, tuple(t for one in found for t in one.tries))
    return [*found, Found(tries=settled)]


def _sighting(door: Door, visit: Visit, icon: str, found: list[Found]) -> Sighting:
    tries = [t for one in found for t in one.tries]
    landing = [Try(act=Act.SPEAK, how=HOW, verdict=Verdict.OPEN, code=str(visit.landing.status))]
    if not any(t.act is Act.ENTER for t in tries) and _asks_who(visit):
        code = str(visit.answers[0].status) if visit.answers[0].status != 200 else "login page"
        landing.append(Try(act=Act.ENTER, how=HOW, verdict=Verdict.CLOSED, code=code))
    elif is_trouble(visit.landing):
        landing.append(Try(act=Act.ENTER, how=HOW, verdict=Verdict.UNCLEAR, code=str(visit.landing.status)))
    software = [one.software for one in found]
    if icon in FAVICONS:
        software.append(Software(product=FAVICONS[icon], proof="its favicon"))
    assert door.ending is not None
    return Sighting(
        ending=door.ending,
        tries=(*landing, *tries),
        facts=HttpFacts(
            status=visit.landing.status,
            server=visit.landing.headers.get("server", ""),
            page=visit.page.kind,
            favicon=icon,
            body_digest=visit.page.digest,
            collections=tuple(c for one in found for c in one.collections),
        ),
        software=max(software, key=lambda s: (bool(s.product), bool(s.version)), default=Software()),
        counts=next((one.counts for one in found if one.counts is not None), None),
        kinds=tuple(sorted(visit.kinds)),
        signs=(*signs_of(visit.page, visit.target.port), *(sign for one in found for sign in one.signs)),
        handshakes=tuple(door.handshakes),
        speaks_tls=door.speaks_tls,
    )


def _asks_who(visit: Visit) -> bool:
    """Whether the way in leads to a login."""
    return any(map(is_refusal, visit.answers)) or (visit.landing.status == 200 and "login" in visit.page.marks)
