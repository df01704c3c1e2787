"""Debian's Orthanc as a peer: its own SQLite index and storage in a folder of ours, ready when the block begins.

    with run_orthanc(tmp_path, modalities=[Modality("LEADGLASS", port)]) as orthanc:
        ... storescu to orthanc.dicom_port; orthanc.get("/statistics") ...

The configuration is the one figures are compared with: SQLite, each object synced (`SyncStorageArea`).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.ports import free_port, listening

__all__ = ["Modality", "Orthanc", "OrthancTls", "orthanc_command", "run_orthanc"]

DICOMWEB_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


@dataclass(frozen=True, slots=True)
class Modality:
    """Somebody Orthanc knows: it may query and retrieve, and Orthanc can send to it."""

    ae_title: str
    port: int
    host: str = "127.0.0.1"
    use_tls: bool = False


@dataclass(frozen=True, slots=True)
class OrthancTls:
    """PEM files. With them Orthanc speaks TLS only, both as server and to modalities with `use_tls`."""

    certificate: Path
    key: Path
    trusted: Path
    client_certificate_required: bool = False


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running one."""

    process: subprocess.Popen[bytes]
    ae_title: str
    dicom_port: int
    http_port: int

    def get(self, path: str) -> Any:
        """The decoded JSON answer of its REST interface."""
        return json.loads(self._call("GET", path, None))

    def post(self, path: str, body: object) -> Any:
        """Posts JSON, returns the decoded JSON answer. `orthanc.post("/modalities/NAME/store", [id])` sends."""
        return json.loads(self._call("POST", path, json.dumps(body).encode()))

    def upload(self, part10: bytes) -> Any:
        """Stores one file through REST."""
        return json.loads(self._call("POST", "/instances", part10))

    def file(self, name: str) -> bytes:
        """The Part-10 file of an instance, by Orthanc's own name for it."""
        return self._call("GET", f"/instances/{name}/file", None)

    def empty(self) -> None:
        """Deletes everything it holds."""
        for name in self.get("/patients"):
            self._call("DELETE", f"/patients/{name}", None)

    def count_instances(self) -> int:
        return int(self.get("/statistics")["CountInstances"])

    def _call(self, method: str, path: str, body: bytes | None) -> bytes:
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data=body, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())


def orthanc_command() -> str | None:
    """Path of Debian's Orthanc, or None if it is not installed (it lives in /usr/sbin, often not in PATH)."""
    return shutil.which("Orthanc", path=os.environ.get("PATH", "") + ":/usr/sbin")


@contextlib.contextmanager
def run_orthanc(
    directory: Path,
    *,
    ae_title: str = "ORTHANC",
    modalities: Sequence[Modality] = (),
    tls: OrthancTls | None = None,
    dicomweb: bool = False,
    dicom_port: int | None = None,
    settings: dict[str, object] | None = None,
) -> Iterator[Orthanc]:
    """Runs Orthanc in `directory` until the block ends. `settings` are further lines of its configuration.

    `dicom_port` is for somebody who had to know it before.
    """
    command = orthanc_command()
    if command is None:
        raise FileNotFoundError("Orthanc is not installed: apt-get install orthanc")
    directory.mkdir(parents=True, exist_ok=True)
    dicom_port, http_port = dicom_port or free_port(), free_port()
    configuration = _configuration(directory, ae_title, dicom_port, http_port, modalities, dicomweb=dicomweb)
    configuration.update(_tls(tls) if tls else {})
    configuration.update(settings or {})
    file = directory / "orthanc.json"
    file.write_text(json.dumps(configuration, indent=1))
    environment = {**os.environ, "TCP_NODELAY": "1"}  # Debian's DCMTK otherwise waits 40 ms per message
    with (directory / "orthanc.log").open("ab") as log:
        process = subprocess.Popen([command, str(file)], stdout=log, stderr=log, env=environment, cwd=directory)
    with listening(process, http_port, dicom_port):
        yield Orthanc(process, ae_title, dicom_port, http_port)


def _configuration(
    directory: Path, ae_title: str, dicom_port: int, http_port: int, modalities: Sequence[Modality], *, dicomweb: bool
) -> dict[str, object]:
    return {
        "Name": "peer",
        "StorageDirectory": str(directory / "storage"),
        "IndexDirectory": str(directory / "index"),
        "SyncStorageArea": True,
        "Plugins": [str(DICOMWEB_PLUGIN)] if dicomweb else [],
        "RemoteAccessAllowed": False,
        "HttpPort": http_port,
        "DicomAet": ae_title,
        "DicomPort": dicom_port,
        "DicomCheckCalledAet": False,
        "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowStore": True,
        "DicomModalities": {m.ae_title: _modality(m) for m in modalities},
    }


def _modality(modality: Modality) -> dict[str, object]:
    return {
        "AET": modality.ae_title,
        "Host": modality.host,
        "Port": modality.port,
        "UseDicomTls": modality.use_tls,
        "AllowMove": True,
        "AllowGet": True,
        "AllowFind": True,
        "AllowStorageCommitment": True,
    }


def _tls(tls: OrthancTls) -> dict[str, object]:
    return {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(tls.certificate),
        "DicomTlsPrivateKey": str(tls.key),
        "DicomTlsTrustedCertificates": str(tls.trusted),
        "DicomTlsRemoteCertificateRequired": tls.client_certificate_required,
    }
