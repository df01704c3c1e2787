"""How each kind of simulated system behaves on one connection.

dicom.py            `DicomSite(name, admitting, shelf)`: a service; called with a Law it makes a `DicomManner`
dicom_conduct.py    `Conduct`: who is let in, what is offered, what is answered; dicom_products.py has the products
dicom_admitting.py  letting associations in or not; dicom_matches.py C-FIND answers; dicom_replies.py all other answers
dicom_lawful.py     the level a request needs
invented.py         what stands in their attributes
studies.py          `Shelf(seed, records, images, …)`: any number of studies, without memory
web.py              base of what answers HTTP: `WebManner`
web_orthanc.py      OrthancWeb(law, patients, studies, images, version, has_dicomweb, attributes, …)
web_dcm4chee.py     Dcm4cheeWeb(law, patients, studies, images, ae_title, attributes, …)
web_dicomweb.py     DicomWeb(law, root, refuses, studies, attributes)
web_pages.py        Oviyam and OhifViewer (viewers), DirectoryListing, NginxNotFound and CitrixPage (fleets)
web_fhir.py         FhirServer(law, counts, elements, demands_login)
web_databases.py    Elasticsearch(law, indexes, fields, …), CouchDb(law, databases, fields, …), S3Bucket(law, keys, …)
messages.py         base of the databases and shares: `MessageManner`
mongodb.py          MongodbServer(law, collections, demands_login)
hl7.py, ftp.py, smb.py, postgresql.py, mysql.py, redis.py
                    Hl7Receiver, FtpServer, SmbServer, PostgresqlServer, MysqlServer, RedisServer
hostile.py          what breaks off, drips, lies and never ends
"""
