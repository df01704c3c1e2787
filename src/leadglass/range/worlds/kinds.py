"""The kinds of door that a profile's TOML can name, and what a stranger gets at each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from leadglass.range.law import Law
from leadglass.range.manner import Manner
from leadglass.range.manners import dicom_products as products
from leadglass.range.manners.dicom import DicomSite
from leadglass.range.manners.dicom_conduct import Conduct
from leadglass.range.manners.ftp import FtpServer
from leadglass.range.manners.hl7 import Hl7Receiver
from leadglass.range.manners.mongodb import MongodbServer, SimulatedCollection
from leadglass.range.manners.mysql import MysqlServer
from leadglass.range.manners.postgresql import PostgresqlServer
from leadglass.range.manners.redis import RedisServer
from leadglass.range.manners.smb import SmbServer
from leadglass.range.manners.studies import Shelf
from leadglass.range.manners.web_databases import CouchDb, Elasticsearch, S3Bucket
from leadglass.range.manners.web_dcm4chee import Dcm4cheeWeb
from leadglass.range.manners.web_dicomweb import DicomWeb
from leadglass.range.manners.web_fhir import FhirServer
from leadglass.range.manners.web_orthanc import OrthancWeb
from leadglass.range.manners.web_pages import CitrixPage, DirectoryListing, NginxNotFound, OhifViewer, Oviyam
from leadglass.range.worlds.archives import admitting_of

__all__ = ["KINDS", "Kind"]

Make = Callable[[str, Shelf], Callable[[Law], Manner]]
"""From a system's address and what it holds to what a `Door` wants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A door, and what it means for the truth of its system."""

    make: Make
    product: str = ""
    is_archive: bool = False
    answers: bool = False
    serves: bool = False
    takes_writes: bool = False
    has_viewer: bool = False


_DICOMPOT: Final = Conduct(
    product="Dicompot",
    implementation_class_uid="1.2.826.0.1.3680043.9.7133.1.1",
    implementation_version_name="GODICOM_1_1",
    find=0,
    get=0,
    move=0xA801,
)
_DICOMHAWK: Final = replace(products.PYNETDICOM, product="DICOMHawk", implementation_version_name="PYNETDICOM_210")
_CONDUCTS: Final[Mapping[str, Conduct]] = {
    "ae-checking": products.AE_CHECKING,
    "ae-listed": products.AE_LISTED,
    "conquest": products.CONQUEST,
    "dcm4chee": products.DCM4CHEE,
    "dcm4chee-listed": products.DCM4CHEE_LISTED,
    "dcmqrscp": products.DCMQRSCP,
    "dcmqrscp-open": products.DCMQRSCP_OPEN,
    "dicomhawk": _DICOMHAWK,
    "dicompot": _DICOMPOT,
    "identity-answering": products.IDENTITY_ANSWERING,
    "identity-any": products.IDENTITY_ANY,
    "identity-demanding": products.IDENTITY_DEMANDING,
    "limited": products.LIMITED,
    "modality": products.MODALITY,
    "orthanc": products.ORTHANC,
    "orthanc-open": products.ORTHANC_OPEN,
    "orthanc-queries": products.ORTHANC_QUERIES,
    "pynetdicom": products.PYNETDICOM,
    "storescp": products.STORESCP,
    "worklist": products.WORKLIST,
}


def _dicom(conduct: Conduct) -> Kind:
    lets_in = conduct.called is None and conduct.calling is None and not conduct.demands_user_identity

    def make(address: str, shelf: Shelf) -> Callable[[Law], Manner]:
        return DicomSite(name=address, admitting=admitting_of(conduct), shelf=shelf)

    return Kind(
        make=make,
        product=conduct.product,
        is_archive=True,
        answers=lets_in and 0 in (conduct.find, conduct.worklist),
        serves=lets_in and conduct.get == 0,
        takes_writes=lets_in and conduct.stores,
    )


def _plain(make: Callable[[Law], Manner]) -> Make:
    """For a door that shows nothing of what its system holds."""
    return lambda _address, _shelf: make


def _orthanc(address: str, shelf: Shelf, *, demands_login: bool = False) -> Callable[[Law], Manner]:
    del address
    return lambda law: OrthancWeb(
        law,
        patients=shelf.records // 2 + 1,
        studies=shelf.records,
        images=shelf.images,
        attributes=shelf.attributes,
        demands_login=demands_login,
    )


def _dcm4chee(address: str, shelf: Shelf) -> Callable[[Law], Manner]:
    del address
    return lambda law: Dcm4cheeWeb(
        law,
        patients=shelf.records // 2 + 1,
        studies=shelf.records,
        images=shelf.images,
        attributes=shelf.attributes,
    )


def _elasticsearch(address: str, shelf: Shelf) -> Callable[[Law], Manner]:
    del address
    return lambda law: Elasticsearch(law, indexes={"reports": shelf.records}, fields=_PATIENT_FIELDS)


def _couchdb(address: str, shelf: Shelf) -> Callable[[Law], Manner]:
    del address
    return lambda law: CouchDb(law, databases={"referrals": shelf.records}, fields=_PATIENT_FIELDS)


def _fhir(address: str, shelf: Shelf) -> Callable[[Law], Manner]:
    del address
    counts = {"Patient": shelf.records // 3, "ImagingStudy": shelf.records}
    return lambda law: FhirServer(law, counts=counts, elements=("identifier", "name", "birthDate", "telecom"))


def _mongodb(address: str, shelf: Shelf) -> Callable[[Law], Manner]:
    del address
    patients = SimulatedCollection("clinic", "patients", shelf.records, _PATIENT_FIELDS)
    return lambda law: MongodbServer(law, (patients,))


def _open_postgresql(law: Law) -> Manner:
    return PostgresqlServer(law, trusts=True, knows_everybody=True, databases=("postgres", "ris"))


def _bucket(address: str, shelf: Shelf) -> Callable[[Law], Manner]:
    del address
    return lambda law: S3Bucket(law, keys=shelf.records)


_PATIENT_FIELDS: Final = ("patient_name", "date_of_birth", "aadhaar_number", "phone", "diagnosis", "physician")

KINDS: Final[Mapping[str, Kind]] = {
    **{name: _dicom(conduct) for name, conduct in _CONDUCTS.items()},
    "orthanc-web": Kind(make=_orthanc, product="Orthanc", is_archive=True, answers=True, serves=True),
    "orthanc-web-login": Kind(make=lambda address, shelf: _orthanc(address, shelf, demands_login=True)),
    "dcm4chee-web": Kind(make=_dcm4chee, product="dcm4chee-arc", is_archive=True, answers=True, serves=True),
    "dicomweb-refusing": Kind(make=_plain(lambda law: DicomWeb(law, refuses=401)), is_archive=True),
    "oviyam": Kind(make=_plain(Oviyam), product="Oviyam", has_viewer=True),
    "oviyam-login": Kind(make=_plain(lambda law: Oviyam(law, demands_login=True)), product="Oviyam"),
    "ohif-login": Kind(make=_plain(lambda law: OhifViewer(law, has_oidc=True)), product="OHIF", is_archive=True),
    "directory": Kind(make=_plain(DirectoryListing), answers=True, has_viewer=True),
    "citrix-page": Kind(make=_plain(CitrixPage)),
    "nginx-page": Kind(make=_plain(NginxNotFound)),
    "elasticsearch": Kind(make=_elasticsearch, product="Elasticsearch", answers=True),
    "elasticsearch-login": Kind(make=_plain(lambda law: Elasticsearch(law, demands_login=True))),
    "couchdb": Kind(make=_couchdb, product="CouchDB", answers=True),
    "fhir": Kind(make=_fhir, answers=True),
    "fhir-login": Kind(make=_plain(lambda law: FhirServer(law, demands_login=True))),
    "ftp-anonymous": Kind(make=_plain(lambda law: FtpServer(law, lets_in_anonymous=True))),
    "hl7": Kind(make=_plain(Hl7Receiver)),
    "mongodb": Kind(make=_mongodb, product="MongoDB", answers=True),
    "mysql": Kind(make=_plain(MysqlServer), product="MySQL"),
    "postgresql": Kind(make=_plain(_open_postgresql), product="PostgreSQL", answers=True),
    "postgresql-password": Kind(make=_plain(PostgresqlServer), product="PostgreSQL"),
    "redis-password": Kind(make=_plain(lambda law: RedisServer(law, password=True)), product="Redis"),
    "smb": Kind(make=_plain(SmbServer)),
    "bucket": Kind(make=_bucket, answers=True),
}
"""Name in the TOML → kind."""
