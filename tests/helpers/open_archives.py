"""Archives of other makers, open to strangers in their different ways, each holding the same marked study."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from helpers.dcmtk import require_tool, running_tool
from helpers.marked import MarkedStudy
from helpers.orthanc import run_orthanc
from helpers.ports import free_port, wait_for_port
from leadglass.dicom.part10 import file_meta
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN

__all__ = [
    "STUDY",
    "client_enters",
    "client_finds",
    "client_gets",
    "client_moves",
    "client_stores",
    "dcmqrscp",
    "files_of",
    "orthanc",
    "qrscp",
]

STUDY = MarkedStudy("kept by others")


def files_of(study: MarkedStudy, folder: Path) -> list[Path]:
    """Its images as files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for image in study.images:
        path = folder / f"{image.number}.dcm"
        meta = file_meta(image.sop_class_uid, image.sop_instance_uid, EXPLICIT_VR_LITTLE_ENDIAN)
        path.write_bytes(meta + image.data_set())
        paths.append(path)
    return paths


@contextlib.contextmanager
def orthanc(folder: Path, **settings: object) -> Iterator[int]:
    """Orthanc's DICOM port; with its shipped policy towards strangers, but for `settings`."""
    shipped = {"DicomAlwaysAllowFind": False, "DicomAlwaysAllowGet": False}
    with run_orthanc(folder, settings={**shipped, **settings}) as running:
        for path in files_of(STUDY, folder / "files"):
            running.upload(path.read_bytes())
        try:
            yield running.dicom_port
        finally:
            running.process.terminate()


_DCMQRSCP = """
NetworkTCPPort  = {port}
MaxPDUSize      = 16384
MaxAssociations = 16
HostTable BEGIN
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
{ae_title} {folder} {access} (200, 1024mb) ANY
AETable END
"""


@contextlib.contextmanager
def dcmqrscp(folder: Path, ae_title: str, access: str = "RW", *options: object) -> Iterator[int]:
    """DCMTK's archive with one AE title, open to every caller."""
    held = folder / "held"
    held.mkdir(parents=True)
    files = files_of(STUDY, folder / "files")
    subprocess.run([require_tool("dcmqridx"), str(held), *map(str, files)], check=True, capture_output=True)
    port, config = free_port(), folder / "dcmqrscp.cfg"
    config.write_text(_DCMQRSCP.format(port=port, ae_title=ae_title, folder=held, access=access))
    with running_tool("dcmqrscp", port, "-c", config, *options, log=folder / "log"):
        yield port


@contextlib.contextmanager
def qrscp(folder: Path) -> Iterator[int]:
    """pynetdicom's archive, with the study sent to it."""
    folder.mkdir(parents=True)
    port = free_port()
    command = [sys.executable, "-m", "pynetdicom", "qrscp", "-q", "--port", str(port), "--bind-address", "127.0.0.1"]
    command += ["--database-location", str(folder / "index.db"), "--instance-location", str(folder / "held")]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        wait_for_port(port, process)
        sent = _run("storescu", "127.0.0.1", port, *files_of(STUDY, folder / "files"))
        assert sent.returncode == 0, sent.stderr
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _run(tool: str, *words: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TCP_NODELAY": "1"}
    command = [require_tool(tool), "-aet", "SURVEYOR", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, timeout=60, env=environment
    )


_KEYS = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY.study_instance_uid}")


def client_enters(port: int, *options: object) -> bool:
    """Whether DCMTK's echoscu is let in."""
    return _run("echoscu", *options, "127.0.0.1", port).returncode == 0


def client_finds(port: int, folder: Path, *options: object) -> bool:
    """Whether DCMTK's findscu is told the patient's name."""
    folder.mkdir(parents=True, exist_ok=True)
    _run("findscu", "-S", "-X", "-od", folder, *options, *_KEYS, "-k", "PatientName", "127.0.0.1", port)
    return any(STUDY.patient_name.encode() in path.read_bytes() for path in folder.glob("rsp*.dcm"))


def client_gets(port: int, folder: Path, *options: object) -> bool:
    """Whether DCMTK's getscu is given an image."""
    folder.mkdir(parents=True, exist_ok=True)
    _run("getscu", "-S", "-od", folder, *options, *_KEYS, "127.0.0.1", port)
    return any(STUDY.pixel_mark in path.read_bytes() for path in folder.iterdir())


def client_moves(port: int, folder: Path, *options: object) -> bool:
    """Whether DCMTK's movescu, with itself as the destination, is sent an image."""
    folder.mkdir(parents=True, exist_ok=True)
    receive = ("+P", free_port(), "-od", folder, "-aem", "SURVEYOR")
    _run("movescu", "-S", *receive, *options, *_KEYS, "127.0.0.1", port)
    return any(STUDY.pixel_mark in path.read_bytes() for path in folder.iterdir())


def client_stores(port: int, folder: Path, *options: object) -> bool:
    """Whether DCMTK's storescu gets rid of an image of its own."""
    path = files_of(MarkedStudy("brought by a stranger", size=1), folder)[0]
    return _run("storescu", *options, "127.0.0.1", port, path).returncode == 0
