"""How an owner sees for themselves that a door is closed: commands of common programs, by what stood open there.

Each asks for something that does not exist, or only for the way in. While the door is open it succeeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from leadglass.survey.cases.events import OpenDoor
from leadglass.survey.services import Service

__all__ = ["commands"]

_DICOM: Final = (
    "echoscu {tls}-aet TEST -aec TEST {host} {port}",
    "findscu {tls}-S -aet TEST -aec TEST -k QueryRetrieveLevel=STUDY -k StudyInstanceUID=2.25.1 {host} {port}",
)
_DICOM_TLS: Final = "--anonymous-tls --ignore-peer-cert "
_WEB: Final[Mapping[str, str]] = {
    "QIDO-RS": "/dicom-web/studies?StudyInstanceUID=2.25.1",
    "WADO-RS": "/dicom-web/studies/2.25.1/metadata",
    "Orthanc REST": "/system",
    "dcm4chee REST": "/dcm4chee-arc/aets",
    "FHIR": "/Patient?_id=2.25.1&_summary=count",
    "Elasticsearch": "/_cat/indices",
    "CouchDB": "/_all_dbs",
}
"""By the name of the way in; where the paths differ, from the root on."""
_OTHERS: Final[Mapping[Service, str]] = {
    Service.HL7: "nc -vz {host} {port}",
    Service.MONGODB: "mongosh --host {host} --port {port} --eval 'db.adminCommand({{listDatabases: 1}}).ok'",
    Service.FTP: "curl ftp://{url}/",
    Service.SMB: "smbclient -N -p {port} -L {host}",
    Service.POSTGRESQL: "psql 'host={host} port={port} user=test dbname=postgres' -c ''",
    Service.MYSQL: "mysql -h {host} -P {port} -u test -e ''",
    Service.REDIS: "redis-cli -h {host} -p {port} dbsize",
}


def commands(address: str, door: OpenDoor) -> Iterator[str]:
    """What to type, for one door."""
    host = f"[{address}]" if ":" in address else address
    if door.service is Service.DICOM:
        tls = _DICOM_TLS if door.uses_tls else ""
        yield from (command.format(tls=tls, host=address, port=door.port) for command in _DICOM)
    elif door.service is Service.HTTP:
        scheme = "https" if door.uses_tls else "http"
        for path in dict.fromkeys(_WEB.get(how, "/") for how in door.how):
            yield f"curl -ik '{scheme}://{host}:{door.port}{path}'"
    else:
        yield _OTHERS[door.service].format(host=address, port=door.port, url=f"{host}:{door.port}")
