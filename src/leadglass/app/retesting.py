"""Going back to the address of a case: to see whether it is closed, and to ask whom to write to."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from leadglass.app.alone import alone_under
from leadglass.app.casebook import take_in, write_owners
from leadglass.app.surveying import Order, Report, Surveying, opened_warrant
from leadglass.net.conversing import TlsOffer
from leadglass.survey.cases.book import CaseBook
from leadglass.survey.cases.case import Case
from leadglass.survey.cases.events import Event
from leadglass.survey.cases.looking_up import RDAP, look_up_owners
from leadglass.survey.cases.owners import Owner
from leadglass.survey.cases.security_txt import contacts_in, security_txt_talk
from leadglass.survey.courier import Courier
from leadglass.survey.level import Level
from leadglass.survey.pace import Pacer
from leadglass.survey.probe import Call
from leadglass.survey.probes.http_visit import origin_of
from leadglass.survey.records import Run
from leadglass.survey.records.reading import entries_in, numbers_of
from leadglass.survey.scope import Refusal, Warrant
from leadglass.survey.services import Service
from leadglass.survey.target import Target
from leadglass.survey.targets.plan import Plan
from leadglass.terms.errors import UserFault

__all__ = ["Retest", "find_owner", "retest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retest:
    """What going back brought."""

    case: Case  # as it stands now
    report: Report
    events: Sequence[Event]


async def retest(name: str, folder: Path, scope: Path, *, trust: str = "") -> Retest:
    """Look again at the address of a case, and nowhere else.

    UserFault if the scope does not allow it, or if the look was not finished; it says where what was seen is kept.
    Nothing is left of a look that saw nothing.
    """
    book = CaseBook(folder)
    case = book.case(name)
    warrant = opened_warrant(scope, trust)
    for port in case.last_seen.ports:
        if (refusal := warrant.permits(case.address, port, Level.ACCESS, datetime.now(UTC))) is not None:
            raise refusal.as_fault()
    out = _new_folder(folder, case)
    try:
        report = await Surveying(Order(folder=out, warrant=warrant, scope=scope, only=(case.address,))).run()
    finally:
        has_seen = _keep_what_was_seen(out)
    if not report.totals.is_finished or report.why_stopped:
        seen = f"What was seen until then is in {out}" if has_seen else "Nothing was seen until then"
        raise UserFault(
            f"the look was not finished: {report.why_stopped or report.fault}",
            f"{seen}, and the case stands as it stood; try again.",
        )
    events = take_in(Run.open(out), book)
    return Retest(case=book.case(name), report=report, events=[event for event in events if event.case == case.id])


def _new_folder(folder: Path, case: Case) -> Path:
    out = folder / "retests" / f"{case.id}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    try:
        out.mkdir(parents=True)
    except OSError as fault:
        raise UserFault(f"no run can be kept in {out}: {fault.strerror}", "Mend that, then try again.") from fault
    return out


def _keep_what_was_seen(out: Path) -> bool:
    """Whether a target was recorded. The folder goes if none was, and that of all retests if it was the first."""
    if any(numbers_of(entry) for _, entry in entries_in(out)):
        return True
    shutil.rmtree(out)
    with contextlib.suppress(OSError):  # others are in it
        out.parent.rmdir()
    return False


async def find_owner(name: str, folder: Path, scope: Path, *, rdap: bool, trust: str = "") -> Sequence[Owner]:
    """Ask around whose system it is, and write the answers into the case.

    UserFault if the scope is in use, or does not allow it.
    """
    book = CaseBook(folder)
    case = book.case(name)
    warrant = opened_warrant(scope, trust)
    web_ports = _web_ports(warrant, case.address)
    if web_ports and (refusal := _refused_now(warrant, web_ports[0])) is not None:
        raise refusal.as_fault()

    async def security_txt() -> str | None:
        return await _security_txt(warrant, web_ports) if web_ports else None

    with alone_under(scope):
        owners = await look_up_owners(case.address, security_txt=security_txt, rdap=RDAP if rdap else None)
    write_owners(book, case, owners)
    return owners


async def _security_txt(warrant: Warrant, web_ports: Sequence[Target]) -> str:
    """The contacts that the web servers at an address name, over TLS or without; "" if none does."""
    courier = Courier(warrant, Pacer(warrant.rates), tries_again=0)
    for target in web_ports:
        for tls in (TlsOffer.MODERN, None):
            talk = security_txt_talk(origin_of(target, tls), warrant.caller())
            await courier.carry(target, Call(talk, tls))
            if contacts := contacts_in(talk):
                return contacts
    return ""


def _web_ports(warrant: Warrant, address: str) -> Sequence[Target]:
    plan = Plan(warrant, level=Level.PRESENCE, only=(address,), seed=b"")
    return [target for target in plan if target.service is Service.HTTP]


def _refused_now(warrant: Warrant, target: Target) -> Refusal | None:
    """Quiet hours, for somebody who waits at a terminal."""
    return warrant.permits(target.address, target.port, Level.PRESENCE, datetime.now(UTC))
