"""The house: every room wired to the ones it needs. Built once by a process that holds the home's lock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from leadglass.app.configuration import Configuration
from leadglass.app.home import Home, HomeLock
from leadglass.app.logging import report_fault
from leadglass.archive.archive import Archive
from leadglass.archive.indexing import IndexQueue
from leadglass.archive.metadata.keeper import MetadataKeeper
from leadglass.archive.metadata.renderer import Renderer
from leadglass.archive.pixels import PixelLimits, PixelWorkers
from leadglass.archive.study_keys import StudyKeys
from leadglass.gate.accounts import Accounts
from leadglass.gate.door import Gate
from leadglass.gate.enrolment.authority import EnrolmentAuthority
from leadglass.gate.identity import Identity, IdentitySettings
from leadglass.gate.ledger import Ledger, SigningKey
from leadglass.gate.lockout import Lockout
from leadglass.gate.looking import LedgerReader
from leadglass.gate.oidc.settings import OidcSettings
from leadglass.gate.oidc.verifier import OidcVerifier
from leadglass.gate.passwords import Passwords
from leadglass.gate.people import People
from leadglass.gate.registry import Registry
from leadglass.gate.revision import Revision
from leadglass.gate.sessions import Sessions, SessionSettings
from leadglass.store.catching_up import CaughtUp, catch_up
from leadglass.store.index.database import Database
from leadglass.store.index.sqlcipher import SqlcipherDatabase
from leadglass.store.journal import Journal
from leadglass.store.keys import KeyRing, SubKey
from leadglass.terms.ceilings import MIB
from leadglass.terms.principal import Role

__all__ = ["House", "utc_now"]


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """Everything that is open. `close` it, whatever happens."""

    home: Home
    configuration: Configuration
    ring: KeyRing
    database: Database
    journal: Journal
    ledger: Ledger
    ledger_reader: LedgerReader
    gate: Gate
    registry: Registry
    people: People
    passwords: Passwords
    authority: EnrolmentAuthority
    archive: Archive
    caught_up: CaughtUp
    close: Callable[[], Awaitable[None]]

    @classmethod
    async def open(cls, home: Home, configuration: Configuration, *, accept_clock: bool = False) -> House:
        """Opens (and at the first start makes) keys, index, volumes and ledger, and brings the index up to date.

        UserFault for what a person can mend: home in use or not writable, wrong master key, newer database, clock
        far behind. StorageFault and LedgerFault if the disk fails or something was damaged.
        """
        home.prepare()
        async with AsyncExitStack() as stack:
            lock = HomeLock(home)
            stack.callback(lock.release)
            ring = KeyRing.open(home.keys)
            database = await _open_database(home, configuration, ring)
            stack.push_async_callback(database.close)
            journal = Journal.open(home.volumes)
            stack.push_async_callback(journal.close)
            caught_up = await catch_up(journal, database, ring, utc_now)
            signing_key = SigningKey.load_or_create(home.keys / "ledger.key")
            ledger = Ledger.open(home.ledger, signing_key, accept_clock=accept_clock)
            stack.push_async_callback(ledger.close)
            revision = Revision(home.path / "revision")
            passwords = Passwords()
            lockout = Lockout()
            kept_by = revision if not configuration.index.url else None  # a file is no news to other machines
            absolute = timedelta(hours=configuration.web.session_hours)
            sessions = Sessions(database, kept_by, settings=SessionSettings(absolute=absolute))
            accounts = Accounts(database, kept_by)
            identity = _identity(configuration, accounts, passwords, lockout, sessions)
            pseudonym_key = ring.sub_key(SubKey.LEDGER_PSEUDONYM)
            gate = Gate(identity, accounts, ledger, pseudonym_key=pseudonym_key, clock=utc_now)
            stack.push_async_callback(gate.close)
            reader = LedgerReader(ledger, home.ledger, signing_key.verifier, gate, database, utc_now)
            stack.push_async_callback(reader.close)
            pixels = PixelWorkers(
                PixelLimits(
                    workers=configuration.limits.pixel_workers,
                    seconds=configuration.limits.transcode_seconds,
                    address_space=configuration.limits.transcode_mib * MIB,
                )
            )
            stack.push_async_callback(pixels.close)
            keys = StudyKeys(database, ring)
            metadata = MetadataKeeper(database, journal, keys, Renderer(), report_fault)
            stack.push_async_callback(metadata.close)
            archive = Archive(
                database=database,
                journal=journal,
                keys=keys,
                index=IndexQueue(database),
                gate=gate,
                pixels=pixels,
                metadata=metadata,
                wall_clock=utc_now,
                report=report_fault,
            )
            return cls(
                home=home,
                configuration=configuration,
                ring=ring,
                database=database,
                journal=journal,
                ledger=ledger,
                ledger_reader=reader,
                gate=gate,
                registry=Registry(database, utc_now, revision),
                people=People(
                    database,
                    gate,
                    sessions,
                    passwords,
                    lockout,
                    key=ring.sub_key(SubKey.SIGN_IN),
                    clock=utc_now,
                    revision=kept_by,
                    public_url=configuration.public_url(),
                ),
                passwords=passwords,
                authority=EnrolmentAuthority.open(home.ca, utc_now()),
                archive=archive,
                caught_up=caught_up,
                close=stack.pop_all().aclose,
            )
        raise AssertionError("unreachable: the stack swallows nothing")


async def _open_database(home: Home, configuration: Configuration, ring: KeyRing) -> Database:
    if configuration.index.url:
        from leadglass.store.index.postgres import PostgresDatabase  # needs the extra "scale"

        return await PostgresDatabase.open(configuration.index.url)
    return await SqlcipherDatabase.open(home.index, ring.sub_key(SubKey.DATABASE))


def _identity(
    configuration: Configuration, accounts: Accounts, passwords: Passwords, lockout: Lockout, sessions: Sessions
) -> Identity:
    doors, oidc = configuration.doors, configuration.oidc
    return Identity(
        accounts,
        passwords,
        oidc=OidcVerifier(_oidc_settings(configuration)) if oidc.issuer else None,
        lockout=lockout,
        sessions=sessions,
        settings=IdentitySettings(
            called_ae_titles=frozenset({doors.ae_title} if doors.check_called_ae_title else ()),
            secrets_on_plain_from_loopback=doors.secrets_on_plain_loopback,
        ),
    )


def _oidc_settings(configuration: Configuration) -> OidcSettings:
    oidc = configuration.oidc
    roles = {said: Role(meant) for said, meant in oidc.roles.items()} or {role.value: role for role in Role}
    return OidcSettings(issuer=oidc.issuer, audience=oidc.audience, role_claim=oidc.roles_claim, role_map=roles)
