"""The index: which studies, series and instances there are, where their objects lie, and who may see them.

One set of synchronous functions over SQLAlchemy Core, one idea per file, runs on two databases through the small port
`database.Database`: SQLCipher inside the process (`sqlcipher`), PostgreSQL for many nodes (`postgres`). Tables are in
`tables`, their history in `migrations`. A query key is a value of `matching`; `queries.find` turns keys and a
`Visibility` into one statement; `instances.add_instances` is the ingest path; `retrieval.objects_of` what C-GET and
C-MOVE read from. The rest is plain rows: devices, users, tokens, grants, collections, study keys, positions.
"""
