"""The probes, one small file each, and which begins with which service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leadglass.survey.probe import Prober
from leadglass.survey.probes.dicom import dicom
from leadglass.survey.probes.ftp import probe_ftp
from leadglass.survey.probes.hl7 import probe_hl7
from leadglass.survey.probes.http import web_port
from leadglass.survey.probes.mongodb import probe_mongodb
from leadglass.survey.probes.mysql import probe_mysql
from leadglass.survey.probes.postgresql import probe_postgresql
from leadglass.survey.probes.redis import probe_redis
from leadglass.survey.probes.smb import probe_smb
from leadglass.survey.services import Service

__all__ = ["PROBERS"]

PROBERS: Final[Mapping[Service, Prober]] = {
    Service.DICOM: dicom,
    Service.HTTP: web_port,
    Service.HL7: probe_hl7,
    Service.MONGODB: probe_mongodb,
    Service.FTP: probe_ftp,
    Service.SMB: probe_smb,
    Service.POSTGRESQL: probe_postgresql,
    Service.MYSQL: probe_mysql,
    Service.REDIS: probe_redis,
}
