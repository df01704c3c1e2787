"""Kinds of service a survey knows, and where they usually listen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = ["DEFAULT_PORTS", "Service", "service_of_port"]


class Service(StrEnum):
    """Which probe begins. A probe that meets another language than it expected says so."""

    DICOM = "dicom"
    HTTP = "http"  # DICOMweb, Orthanc, dcm4chee, viewers, listings, FHIR, Elasticsearch, CouchDB, S3
    HL7 = "hl7"
    MONGODB = "mongodb"
    FTP = "ftp"
    SMB = "smb"
    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    REDIS = "redis"


DEFAULT_PORTS: Final[Mapping[Service, tuple[int, ...]]] = {
    Service.DICOM: (104, 2345, 2761, 2762, 4242, 11112),
    Service.HTTP: (80, 443, 3000, 5984, 8000, 8042, 8043, 8080, 8443, 9000, 9200),
    Service.HL7: (2575, 6661),
    Service.MONGODB: (27017,),
    Service.FTP: (21,),
    Service.SMB: (445,),
    Service.POSTGRESQL: (5432,),
    Service.MYSQL: (3306,),
    Service.REDIS: (6379,),
}


def service_of_port(port: int) -> Service:
    """The service usually found at a port; DICOM if nothing is known of it."""
    return _BY_PORT.get(port, Service.DICOM)


_BY_PORT = {port: service for service, ports in DEFAULT_PORTS.items() for port in ports}
