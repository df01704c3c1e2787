"""leadglass.toml: every option, its default and what it means. Unknown keys are errors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

from leadglass.app.addresses import host_and_port
from leadglass.terms.ae_title import AETitle
from leadglass.terms.errors import UserFault
from leadglass.terms.principal import Role

__all__ = ["Configuration", "load_configuration"]

_ORIGIN: Final = re.compile(r"https://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?")
_LOCAL_ORIGIN: Final = re.compile(r"http://(?:localhost|127\.0\.0\.1)(?::[0-9]{1,5})?")


class Doors(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, rename="kebab"):
    """[doors]: where the archive listens."""

    dicom: str = "127.0.0.1:11112"
    """HOST:PORT of the plain DICOM door; "off" closes it."""
    dicom_tls: str = "127.0.0.1:2762"
    """HOST:PORT of the DICOM-over-TLS door; "off" closes it."""
    https: str = "127.0.0.1:8443"
    """HOST:PORT of the web door (DICOMweb, console), always over TLS; "off" closes it."""
    ae_title: str = "LEADGLASS"
    """Our AE title: 1 to 16 characters."""
    check_called_ae_title: bool = False
    """Refuse callers that ask for another AE title than ours."""
    secrets_on_plain_loopback: bool = False
    """Take passcodes and tokens on the plain door from 127.0.0.0/8: only for a TLS tunnel on this very machine."""


class Tls(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, rename="kebab"):
    """[tls]: how the TLS doors speak."""

    profile: str = "B.12"
    """PS3.15 profile: "B.12" (BCP 195: TLS 1.2 and 1.3) or "B.13" (modified: restricted suites, no downgrade)."""
    certificate: str = ""
    """PEM file with the server's certificate chain; empty: the built-in CA issues one."""
    private_key: str = ""
    """PEM file with its key."""
    names: list[str] = []
    """Further host names and addresses the built-in CA writes into the server certificate."""
    require_client_certificate: bool = False
    """Refuse callers of the DICOM-over-TLS door without an enrolled certificate, even if they bring a user identity.
    The web door asks for a certificate and never requires one: people sign in there, programs bring tokens."""


class Web(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, rename="kebab"):
    """[web]: how the web door is reached."""

    public_url: str = ""
    """What people write into their browser, like "https://archive.example.org"; empty: https://localhost:PORT."""
    cors_origins: list[str] = []
    """Origins, like "https://viewer.example.org", whose pages may call DICOMweb with a token; none by default. On this
    machine also "http://localhost:3000"."""
    session_hours: int = 12
    """A person signed in to the console has to sign in again after so long."""


class Index(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, rename="kebab"):
    """[index]: where attributes are kept for searching."""

    url: str = ""
    """Empty: an encrypted SQLite database in the home folder. Or "postgresql://user:password@host/database"."""


class Oidc(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, rename="kebab"):
    """[oidc]: an OpenID Connect issuer whose access tokens (JWT) sign people in."""

    issuer: str = ""
    """Issuer URL; empty: none."""
    audience: str = "leadglass"
    """The audience a token must be issued for."""
    roles_claim: str = "roles"
    """Claim that lists the roles."""
    roles: dict[str, str] = {}
    """Maps a value of that claim to one of ours: administrator, clinician, service, auditor."""


class Limits(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, rename="kebab"):
    """[limits]: ceilings an operator may lower or raise."""

    connections: int = 512
    """Open connections in all."""
    connections_per_address: int = 128
    """Open connections of one source address."""
    request_seconds: int = 30
    """Time a caller gets to send its association request (the ARTIM timer of PS3.8)."""
    idle_seconds: int = 300
    """An association that says nothing, or takes nothing, for so long is aborted."""
    transcode_seconds: int = 60
    """Time one object may take to be transcoded in a worker process."""
    transcode_mib: int = 2048
    """Memory (address space) of each worker process."""
    pixel_workers: int = 2
    """Worker processes that transcode and draw images; each starts when the others are busy."""
    stop_seconds: int = 10
    """Time that running operations get to finish at shutdown."""


class Configuration(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, rename="kebab"):
    """The whole of leadglass.toml."""

    doors: Doors = Doors()
    tls: Tls = Tls()
    web: Web = Web()
    index: Index = Index()
    oidc: Oidc = Oidc()
    limits: Limits = Limits()

    def public_url(self, port: int = 0) -> str:
        """Where people find the web door, without a slash at the end. `port` is where it listens, once known."""
        if self.web.public_url:
            return self.web.public_url.rstrip("/")
        https = self.doors.https
        port = port or (host_and_port(https)[1] if https != "off" else 443)
        return f"https://localhost:{port}"


def load_configuration(path: Path | None) -> Configuration:
    """The configuration in `path`, or all defaults for None or a file that is not there. UserFault names the key."""
    if path is None or not path.exists():
        return Configuration()
    try:
        configuration = msgspec.toml.decode(path.read_bytes(), type=Configuration)
    except msgspec.ValidationError as fault:
        raise UserFault(f"{path.name}: {fault}", "`leadglass config` prints every option with its meaning.") from None
    except (msgspec.DecodeError, ValueError) as fault:
        raise UserFault(f"{path.name} is not valid TOML: {fault}", "Mend the line it names.") from None
    except OSError as fault:
        raise UserFault(f"{path.name} cannot be read: {fault.strerror}", "Check the file's owner and mode.") from None
    _check(path.name, configuration)
    return configuration


def _check(name: str, configuration: Configuration) -> None:
    doors, tls = configuration.doors, configuration.tls
    try:
        AETitle.of(doors.ae_title)
    except ValueError as fault:
        raise UserFault(f"{name}: doors.ae-title: {fault}", "Choose another title.") from None
    if tls.profile not in ("B.12", "B.13"):
        raise UserFault(f'{name}: tls.profile is neither "B.12" nor "B.13"', "Choose one of the two.")
    named = (("doors.dicom", doors.dicom), ("doors.dicom-tls", doors.dicom_tls), ("doors.https", doors.https))
    for key, where in named:
        try:
            host_and_port(where if where != "off" else "off:0")
        except UserFault as fault:
            raise UserFault(f"{name}: {key}: {fault}", fault.advice) from None
    if unknown := set(configuration.oidc.roles.values()) - set(Role):
        raise UserFault(f"{name}: oidc.roles: there is no role {min(unknown)!r}", f"choose of: {', '.join(Role)}")
    if low := [key for key, limit in msgspec.structs.asdict(configuration.limits).items() if limit < 1]:
        raise UserFault(f"{name}: limits.{low[0].replace('_', '-')} is below 1", "Give at least 1.")
    _check_web(name, configuration.web)
    if bool(tls.certificate) != bool(tls.private_key):
        raise UserFault(f"{name}: tls.certificate and tls.private-key belong together", "Give both or neither.")


def _check_web(name: str, web: Web) -> None:
    named = [("public-url", web.public_url), *(("cors-origins", origin) for origin in web.cors_origins)]
    for key, origin in named:
        if key == "cors-origins" and _LOCAL_ORIGIN.fullmatch(origin):
            continue
        if origin and not _ORIGIN.fullmatch(origin):
            raise UserFault(
                f"{name}: web.{key}: {origin!r} is not an origin",
                "Write it like https://archive.example.org, without a path.",
            )
    if web.session_hours < 1:
        raise UserFault(f"{name}: web.session-hours is below 1", "Give at least 1.")
