"""The web door: HTTPS, DICOMweb and the console. It judges nothing and knows no SQL: the deeds of `archive` do."""
