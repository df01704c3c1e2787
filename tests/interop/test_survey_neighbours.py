"""Invariant: the verdict on a real database or share is what a real client can do there without a secret."""

from __future__ import annotations

import pytest

from helpers.echoing import CALLER
from helpers.neighbour_servers import MARK, client, mariadb, postgresql, redis, samba, visit, vsftpd
from helpers.neighbour_visits import verdicts
from helpers.peers import peer
from leadglass.net.conversing import Ending
from leadglass.survey.level import Level
from leadglass.survey.observation import DatabaseFacts, ShareFacts, Verdict
from leadglass.survey.services import Service

pytestmark = pytest.mark.interop
OPEN, CLOSED = Verdict.OPEN, Verdict.CLOSED


def asks(facts: object) -> bool | None:
    assert isinstance(facts, DatabaseFacts)
    return facts.asks_for_password


async def test_an_open_redis() -> None:
    with redis("--protected-mode", "no") as port:
        for key in (f"{MARK}:1", f"{MARK}:2"):
            assert client(peer("redis-cli", "redis-tools"), "-p", str(port), "set", key, MARK) == (True, "OK\n")
        client(peer("redis-cli", "redis-tools"), "-p", str(port), "config", "set", "slowlog-log-slower-than", "0")
        seen = await visit(Service.REDIS, port, Level.COUNTS)
        _, logged = client(peer("redis-cli", "redis-tools"), "-p", str(port), "slowlog", "get")
    assert CALLER.name in logged
    assert verdicts(seen) == {"speak": OPEN, "enter": OPEN, "query": OPEN}
    assert asks(seen.facts) is False
    assert seen.counts is not None
    assert seen.counts.records == 2
    assert seen.software.version.startswith("7.")


async def test_a_redis_with_a_password() -> None:
    with redis("--requirepass", "not-for-strangers") as port:
        seen = await visit(Service.REDIS, port, Level.COUNTS)
        _, said = client(peer("redis-cli", "redis-tools"), "-p", str(port), "get", "one")
    assert "NOAUTH" in said
    assert verdicts(seen) == {"speak": OPEN, "enter": CLOSED}
    assert asks(seen.facts) is True
    assert seen.counts is None


async def test_a_redis_for_those_who_may_only_ping() -> None:
    with redis("--protected-mode", "no", "--user", "default", "on", "nopass", "~*", "-@all", "+ping") as port:
        seen = await visit(Service.REDIS, port)
        _, said = client(peer("redis-cli", "redis-tools"), "-p", str(port), "get", "one")
    assert "NOPERM" in said
    assert verdicts(seen) == {"speak": OPEN, "enter": Verdict.UNCLEAR, "query": CLOSED}


@pytest.mark.parametrize("anonymous", [True, False])
async def test_vsftpd(anonymous: bool) -> None:
    with vsftpd(anonymous=anonymous) as port:
        seen = await visit(Service.FTP, port)
        assert client("curl", "-sS", f"ftp://127.0.0.1:{port}/")[0] is anonymous
    assert verdicts(seen) == {"speak": OPEN, "enter": OPEN if anonymous else CLOSED}
    assert seen.facts == ShareFacts(allows_anonymous=anonymous)
    assert (seen.software.product, seen.software.version[:2]) == ("vsFTPd", "3.")


@pytest.mark.parametrize("restricted", [False, True])
async def test_samba(restricted: bool) -> None:
    settings = ["restrict anonymous = 2"] if restricted else ["server signing = mandatory"]
    smbclient = peer("smbclient", "smbclient")
    with samba(*settings) as port:
        seen = await visit(Service.SMB, port)
        can = client(smbclient, "-N", "-p", str(port), "//127.0.0.1/IPC$", "-c", "exit")[0]
    assert can is not restricted
    assert verdicts(seen) == {"speak": OPEN, "enter": CLOSED if restricted else OPEN}
    assert seen.facts == ShareFacts(allows_anonymous=not restricted, dialect="3.1.1", signing_required=not restricted)


@pytest.mark.parametrize("dialect", ["SMB2_02", "SMB2_10", "SMB3_00"])
async def test_samba_of_older_dialects(dialect: str) -> None:
    with samba(f"server max protocol = {dialect}") as port:
        seen = await visit(Service.SMB, port)
    assert verdicts(seen) == {"speak": OPEN, "enter": OPEN}
    assert isinstance(seen.facts, ShareFacts)
    assert seen.facts.dialect.replace(".", "") == dialect.removeprefix("SMB").replace("_", "").ljust(3, "0")


async def test_a_mariadb_that_lets_nobody_in() -> None:
    with mariadb() as port:
        seen = await visit(Service.MYSQL, port)
        login = ("mariadb", "--no-defaults", "-h127.0.0.1", f"-P{port}", "-unobody")
        assert client(peer(login[0], "mariadb-client-core"), *login[1:], "-e", "SHOW DATABASES")[0] is False
    assert verdicts(seen) == {"speak": OPEN, "enter": CLOSED}
    assert asks(seen.facts) is True
    assert (seen.software.product, seen.software.version[:3]) == ("MariaDB", "10.")


async def test_a_mariadb_with_a_nameless_account() -> None:
    statements = [
        "CREATE DATABASE clinic",
        f"CREATE TABLE clinic.{MARK} AS SELECT '{MARK}' AS {MARK}_NAME",
        "CREATE USER ''@'%'",
        "GRANT SELECT ON clinic.* TO ''@'%'",
    ]
    with mariadb(*statements) as port:
        seen = await visit(Service.MYSQL, port)
        login = ("mariadb", "--no-defaults", "-h127.0.0.1", f"-P{port}", "-unobody")
        can, said = client(peer(login[0], "mariadb-client-core"), *login[1:], "-e", "SHOW DATABASES")
    assert can
    assert "clinic" in said
    assert verdicts(seen) == {"speak": OPEN, "enter": OPEN, "list": OPEN, "query": OPEN}
    assert isinstance(seen.facts, DatabaseFacts)
    assert "clinic" in [collection.name for collection in seen.facts.collections]


@pytest.mark.parametrize("asking", [False, True])
async def test_postgresql(asking: bool) -> None:
    psql = peer("psql", "postgresql")
    with postgresql(asks=asking) as port:
        seen = await visit(Service.POSTGRESQL, port)
        login = [psql, "-w", "-h", "127.0.0.1", "-p", str(port), "-U", "owner", "postgres", "-c"]
        assert client(*login, "SELECT 1")[0] is not asking
        if not asking:
            assert client(*login, 'CREATE ROLE "leadglass-probe" LOGIN')[0]
            assert client(*login, f"CREATE TABLE {MARK} AS SELECT '{MARK}' AS {MARK}_name")[0]
            known = await visit(Service.POSTGRESQL, port)
    assert verdicts(seen) == {"speak": OPEN, "enter": CLOSED if asking else OPEN}
    assert asks(seen.facts) is asking
    if not asking:
        assert verdicts(known) == {"speak": OPEN, "enter": OPEN, "list": OPEN, "query": OPEN}
        assert known.software.product == "PostgreSQL"


@pytest.mark.parametrize("service", [s for s in Service if s not in (Service.DICOM, Service.HTTP, Service.FTP)])
async def test_another_server_than_expected_is_none_of_ours(service: Service) -> None:
    with vsftpd(anonymous=True) as port:
        seen = await visit(service, port)
    assert OPEN not in verdicts(seen).values()
    assert seen.ending in (Ending.OVER, Ending.HUNG_UP, Ending.RESET)
