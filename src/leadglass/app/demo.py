"""What `leadglass run` adds to an empty archive: sample studies, one demo device, and commands to try.

The samples come in through the front door: a real association over TLS with an enrolled certificate.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from rich.progress import Progress

from leadglass.app import phantom
from leadglass.app.cli.speaking import out
from leadglass.app.demo_web import offer_web
from leadglass.app.house import House
from leadglass.app.phantom import PhantomStudy
from leadglass.app.serving import Serving
from leadglass.app.verbs import perform
from leadglass.dicom import uids
from leadglass.dicom.dimse.messages import CStoreRq
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.part10 import FileMeta, split
from leadglass.dicom.upperlayer import AssociateRq, ProposedContext, UserInformation
from leadglass.net.connector import RequestedAssociation, open_association
from leadglass.net.tls import client_context
from leadglass.terms.ae_title import AETitle
from leadglass.terms.errors import LeadglassError
from leadglass.terms.evidence import Door

__all__ = ["prepare_demo"]

_DEVICE: Final = "demo"
_AE_TITLE: Final = "DEMO"
_PLAIN_DEVICE: Final = "demo-plain"
_PLAIN_AE_TITLE: Final = "DEMOPLAIN"
_SAMPLES: Final = (
    "CT_small.dcm",
    "MR_small.dcm",
    "JPEG2000.dcm",
    "JPGExtended.dcm",
    "SC_rgb_rle.dcm",
    "examples_jpeg2k.dcm",
    "examples_overlay.dcm",
    "examples_palette.dcm",
    "examples_rgb_color.dcm",
    "examples_ybr_color.dcm",
    "liver_1frame.dcm",
    "reportsi.dcm",
    "test-SR.dcm",
    "waveform_ecg.dcm",
)
CT_STUDY: Final = PhantomStudy(study_description="CT chest phantom", accession_number="LG-CT-1")
MR_STUDY: Final = PhantomStudy(
    patient_id="LG-0002",
    patient_name="Phantom^Grace",
    study_description="MR head phantom",
    accession_number="LG-MR-1",
    study_date="20260203",
)


async def prepare_demo(house: House, serving: Serving) -> None:
    """At the first start enrols the demo device and loads the samples; at every start prints what to try."""
    folder = house.home.devices / _DEVICE
    if not folder.exists():
        await _enrol(house, folder)
    done = house.home.path / "samples-loaded"
    if not done.exists():
        await _load(house, serving, folder)
        done.touch(mode=0o600)
    _print_commands(house, serving, folder)
    await offer_web(house, serving, folder, CT_STUDY.study_instance_uid)


async def _enrol(house: House, folder: Path) -> None:
    await perform(
        house,
        "device add",
        {
            "name": _DEVICE,
            "ae_title": _AE_TITLE,
            "tls": True,
            "allow": ["echo", "store", "query", "retrieve"],
            "folder": str(folder),
        },
        _quietly,
    )
    # DCMTK's getscu and movescu speak no TLS: for them a second name, good on this very machine only.
    await perform(
        house,
        "device add",
        {
            "name": _PLAIN_DEVICE,
            "ae_title": _PLAIN_AE_TITLE,
            "networks": ["127.0.0.0/8"],
            "allow": ["echo", "query", "retrieve"],
            "listens_at": "127.0.0.1:11113",
        },
        _quietly,
    )
    for holder in (f"device:{_DEVICE}", f"device:{_PLAIN_DEVICE}", "role:clinician"):
        await perform(
            house,
            "grant add",
            {
                "to": holder,
                "allow": ["query", "view", "download"],
                "studies": "everything",
                "why": "demonstration: this archive holds samples only",
            },
            _quietly,
        )


def _quietly(done: int, total: int) -> None:
    """Enrolling takes no time worth a bar."""


async def _load(house: House, serving: Serving, folder: Path) -> None:
    host, port = serving.addresses.get(Door.DICOM_TLS, ("", 0))
    if not port:
        out.print("The samples were not loaded: they come in through the TLS door, which is off.")
        return
    files = list(_samples())
    proposed = sorted({(meta.media_storage_sop_class_uid, meta.transfer_syntax_uid) for meta, _ in map(_split, files)})
    request = AssociateRq(
        called_ae_title=AETitle.of(house.configuration.doors.ae_title),
        calling_ae_title=AETitle.of(_AE_TITLE),
        contexts=tuple(
            ProposedContext(2 * position + 1, sop_class, (transfer_syntax,))
            for position, (sop_class, transfer_syntax) in enumerate(proposed)
        ),
        user_information=UserInformation(
            implementation_class_uid=uids.IMPLEMENTATION_CLASS_UID,
            implementation_version_name=uids.IMPLEMENTATION_VERSION_NAME,
        ),
    )
    tls = client_context(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    with Progress(transient=True, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task("storing samples", total=len(files))
        async with await open_association(_reachable(host), port, request, tls=tls) as association:
            for file in files:
                await _send(association, file)
                bar.advance(task)
    out.print(f"Stored {len(files)} sample images over TLS, as device {_DEVICE}.")


async def _send(association: RequestedAssociation, file: bytes) -> None:
    meta, data_set = _split(file)
    context = next(
        context
        for context in association.contexts.values()
        if (context.abstract_syntax, context.transfer_syntax)
        == (meta.media_storage_sop_class_uid, meta.transfer_syntax_uid)
    )
    message = CStoreRq(
        message_id=association.next_message_id(),
        affected_sop_class_uid=meta.media_storage_sop_class_uid,
        affected_sop_instance_uid=meta.media_storage_sop_instance_uid,
    )
    response = await association.request(context, message, data_set)
    if response.status != Status.SUCCESS:
        comment = getattr(response, "error_comment", "")
        raise LeadglassError(f"a sample was not stored: status {response.status:04X} {comment}")


def _split(file: bytes) -> tuple[FileMeta, memoryview]:
    meta, offset = split(file)
    return meta, memoryview(file)[offset:]


def _samples() -> Iterator[bytes]:
    """The small files that come with pydicom, and two phantom series of more than 100 slices."""
    spec = find_spec("pydicom")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "data" / "test_files"
        for name in _SAMPLES:
            path = folder / name
            if path.exists():
                yield path.read_bytes()
    yield from phantom.ct_series(CT_STUDY, slices=120)
    yield from phantom.mr_series(MR_STUDY, slices=110)


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - a comparison


def _print_commands(house: House, serving: Serving, folder: Path) -> None:
    host, port = serving.addresses.get(Door.DICOM_TLS, ("", 0))
    if not port:
        return
    peer = f"-aet {_AE_TITLE} -aec {house.configuration.doors.ae_title} {_reachable(host)} {port}"
    secrets = "+tls key.pem cert.pem +cf ca.pem"
    leadglass = shlex.quote(str(Path(sys.argv[0]).absolute()))
    home = f"--home {shlex.quote(str(house.home.path))}"
    uid = CT_STUDY.study_instance_uid
    plain = _plain_peer(serving)
    study = f"-S -k QueryRetrieveLevel=STUDY -k StudyInstanceUID={uid}"
    for heading, command in (
        ("Try it in another terminal (DCMTK: apt install dcmtk):", f"cd {shlex.quote(str(folder))}"),
        ("A stranger is shown nothing:", f"findscu -v -S -k QueryRetrieveLevel=STUDY {plain}"),
        ("Is anybody there? (with a certificate)", f"echoscu -v {secrets} {peer}"),
        (
            "Which studies are there?",
            f"findscu -S {secrets} -k QueryRetrieveLevel=STUDY -k PatientName -k StudyDescription {peer}",
        ),
        (
            "Fetch one (getscu speaks no TLS, so as the second device, known on this machine only):",
            f"mkdir -p /tmp/fetched && getscu -od /tmp/fetched {study} -aet {_PLAIN_AE_TITLE} {plain}",
        ),
        ("Send it back (the same images again: stored once):", f"storescu {secrets} +sd {peer} /tmp/fetched"),
        ("Who looked at it?", f"{leadglass} ledger show --study {uid} {home}"),
        ("What is stored?", f"{leadglass} studies {home}"),
        ("Is the record whole?", f"{leadglass} ledger verify {home}"),
    ):
        out.print(f"\n[bold]{heading}[/]")
        out.print(f"  {command}", markup=False)


def _plain_peer(serving: Serving) -> str:
    host, port = serving.addresses.get(Door.DICOM, ("127.0.0.1", 11112))
    return f"{_reachable(host)} {port}"
