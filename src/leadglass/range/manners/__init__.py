"""How each kind of simulated system behaves on one connection.

web.py              base of what answers HTTP: `WebManner`
web_orthanc.py      OrthancWeb(law, patients, studies, images, version, has_dicomweb, demands_login)
web_dcm4chee.py     Dcm4cheeWeb(law, patients, studies, images, ae_title, demands_login)
web_dicomweb.py     DicomWeb(law, root, refuses)
web_pages.py        Oviyam and OhifViewer (viewers), DirectoryListing, NginxNotFound and CitrixPage (fleets)
web_fhir.py         FhirServer(law, counts, demands_login)
web_databases.py    Elasticsearch(law, indexes, fields, …), CouchDb(law, databases, …), S3Bucket(law, keys, …)
"""
