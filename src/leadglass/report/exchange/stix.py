"""STIX 2.1 (OASIS) without personal data, addresses or owners: products in use, their flaws, and the figures.

identity (who measured) · infrastructure (one for each kind of software) · software · vulnerability · relationship ·
report (the figures, referring to all of it)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from leadglass.report.details import software_name
from leadglass.report.exchange.identifiers import instant, made_id
from leadglass.report.language import Language, language
from leadglass.report.model import Cve, ReportModel, SoftwareCluster

__all__ = ["stix"]


def stix(model: ReportModel) -> Mapping[str, bytes]:
    """One bundle."""
    when = instant(model.made_at)
    author = _object("identity", ("author",), when, name="Leadglass survey", identity_class="system")
    objects = [author]
    for one in model.software:
        objects += _cluster(one, when, author["id"], language(model.shown.language))
    unique = {entry["id"]: entry for entry in objects}
    report = _object(
        "report",
        (model.run.id,),
        when,
        name=model.title,
        description=" ".join(model.sentences),
        report_types=["vulnerability"],
        published=when,
        object_refs=list(unique),
        created_by_ref=author["id"],
    )
    bundle = {
        "type": "bundle",
        "id": f"bundle--{made_id('bundle', model.run.id)}",
        "objects": [*unique.values(), report],
    }
    return {"stix.json": msgspec.json.format(msgspec.json.encode(bundle), indent=2) + b"\n"}


def _cluster(one: SoftwareCluster, when: str, author: str, say: Language) -> list[dict[str, Any]]:
    key = (one.product, one.version, one.toolkit)
    running = _object(
        "infrastructure",
        key,
        when,
        name=f"Imaging systems running {software_name(one, say)}",
        description=f"{say('figures.systems', one.systems)} seen, {say.spoken(one.open_systems)} of them open.",
        created_by_ref=author,
    )
    found = [running]
    if one.product or one.toolkit:
        software = _software(one)
        found += [software, _relationship(running["id"], "consists-of", software["id"], when, author)]
    for cve in one.cves:
        flaw = _flaw(cve, when, author)
        found += [flaw, _relationship(running["id"], "has", flaw["id"], when, author)]
    return found


def _software(one: SoftwareCluster) -> dict[str, Any]:
    """A cyber-observable: it has no times (STIX §6.14)."""
    name, _, version = (one.product, "", one.version) if one.product else one.toolkit.rpartition(" ")
    told = {"type": "software", "spec_version": "2.1", "id": f"software--{made_id('software', name, version)}"}
    return told | {"name": name or one.toolkit} | ({"version": version} if version else {})


def _flaw(cve: Cve, when: str, author: str) -> dict[str, Any]:
    return _object(
        "vulnerability",
        (cve.id,),
        when,
        name=cve.id,
        description=cve.kind or cve.id,
        external_references=[{"source_name": "cve", "external_id": cve.id}],
        created_by_ref=author,
    )


def _relationship(source: str, kind: str, target: str, when: str, author: str) -> dict[str, Any]:
    return _object(
        "relationship",
        (source, kind, target),
        when,
        relationship_type=kind,
        source_ref=source,
        target_ref=target,
        created_by_ref=author,
    )


def _object(kind: str, key: tuple[object, ...], when: str, **fields: Any) -> dict[str, Any]:
    head = {"type": kind, "spec_version": "2.1", "id": f"{kind}--{made_id(kind, *key)}"}
    return head | {"created": when, "modified": when} | fields
