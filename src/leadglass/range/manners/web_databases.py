"""Simulated databases that speak HTTP: Elasticsearch, OpenSearch, CouchDB, and a bucket in the manner of S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from leadglass.range.law import NEVER, Law
from leadglass.range.manners.web import Reply, WebManner, as_json, page_level, refusal

__all__ = ["CouchDb", "Elasticsearch", "S3Bucket"]


class Elasticsearch(WebManner):
    """`indexes` by name, each with its count of documents; all have the same `fields`."""

    def __init__(
        self,
        law: Law,
        *,
        indexes: Mapping[str, int] = {},
        fields: Sequence[str] = (),
        distribution: str = "",
        version: str = "7.17.9",
        demands_login: bool = False,
    ) -> None:
        super().__init__(law)
        self._indexes, self._fields = indexes, fields
        self._distribution, self._version, self._demands_login = distribution, version, demands_login

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:
        reply = self._answer(path, query)
        return refusal("security") if self._demands_login else reply

    def _answer(self, path: str, query: Mapping[str, str]) -> Reply:
        if path == "/":
            self.law.saw(1, "HTTP GET")
            return as_json(self._banner())
        if path == "/_cat/indices":
            return self._catalogue(query.get("h", "").split(","))
        index = path.removeprefix("/").removesuffix("/_mapping")
        if path == f"/{index}/_mapping" and index in self._indexes:
            self.law.saw(4, "Elasticsearch mapping")
            properties = {name: {"type": "text"} for name in self._fields}
            return as_json({index: {"mappings": {"properties": properties}}})
        is_search = "_search" in path or "_doc" in path
        level = NEVER if is_search else page_level(path)
        self.law.saw(level, "Elasticsearch search" if is_search else "HTTP GET")
        return Reply(404, b'{"error":"no handler"}', "application/json")

    def _banner(self) -> dict[str, Any]:
        number = {"number": self._version} | ({"distribution": self._distribution} if self._distribution else {})
        tagline = "The OpenSearch Project: https://opensearch.org/" if self._distribution else "You Know, for Search"
        return {"name": "node-1", "cluster_name": "cluster", "version": number, "tagline": tagline}

    def _catalogue(self, columns: Sequence[str]) -> Reply:
        self.law.saw(2 if list(columns) == ["index"] else 3, "Elasticsearch indexes")
        rows = [{"index": name, "docs.count": str(count)} for name, count in self._indexes.items()]
        return as_json([{key: value for key, value in row.items() if key in columns} for row in rows])


class CouchDb(WebManner):
    """`databases` by name, each with its count of documents; a document has these `fields`."""

    server: ClassVar[str] = "CouchDB/3.1.0 (Erlang OTP/20)"

    def __init__(
        self, law: Law, *, databases: Mapping[str, int] = {}, fields: Sequence[str] = (), demands_login: bool = False
    ) -> None:
        super().__init__(law)
        self._databases, self._fields, self._demands_login = databases, fields, demands_login

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:
        if path == "/":
            self.law.saw(1, "HTTP GET")
            return as_json(
                {"couchdb": "Welcome", "version": "3.1.0", "vendor": {"name": "The Apache Software Foundation"}}
            )
        reply = self._answer(path, query)
        return Reply(401, b'{"error":"unauthorized"}', "application/json") if self._demands_login else reply

    def _answer(self, path: str, query: Mapping[str, str]) -> Reply:
        if path == "/_all_dbs":
            self.law.saw(2, "CouchDB databases")
            return as_json(list(self._databases))
        name = path.removeprefix("/")
        if name in self._databases:
            self.law.saw(3, "CouchDB count")
            return as_json({"db_name": name, "doc_count": self._databases[name]})
        if name.removesuffix("/_all_docs") in self._databases and query.get("limit") == "1":
            self.law.saw(4, "CouchDB document")
            document = {"_id": "1", "_rev": "1-0"} | dict.fromkeys(self._fields, "EXAMPLE VALUE") | {"blank": ""}
            return as_json({"total_rows": 1, "offset": 0, "rows": [{"id": "1", "key": "1", "doc": document}]})
        is_document = "/" in name
        level = NEVER if is_document else page_level(path)
        self.law.saw(level, "CouchDB document" if is_document else "HTTP GET")
        return Reply(404, b'{"error":"not_found"}', "application/json")


class S3Bucket(WebManner):
    """A bucket with `keys` objects: listed to everybody, or to nobody."""

    server: ClassVar[str] = "AmazonS3"
    _PAGE: ClassVar[int] = 1000

    def __init__(self, law: Law, *, keys: int = 0, is_listed: bool = True, marks: str = "") -> None:
        super().__init__(law)
        self._keys, self._is_listed, self._marks = keys, is_listed, marks

    def answer(self, path: str, query: Mapping[str, str]) -> Reply:
        is_object = path not in ("/", "/favicon.ico")
        counts = query.get("max-keys", "1000") != "0" and bool(query)
        level = 3 if counts else NEVER if path.endswith((".dcm", ".zip")) else 2 if is_object else 1
        self.law.saw(level, "S3 keys" if counts else "S3 object" if is_object else "HTTP GET")
        if is_object or not self._is_listed:
            code = "NoSuchKey" if is_object and self._is_listed else "AccessDenied"
            error = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code></Error>'
            return Reply(404 if code == "NoSuchKey" else 403, error.encode(), "application/xml")
        return Reply(200, self._list(min(self._keys, self._PAGE)), "application/xml")

    def _list(self, count: int) -> bytes:
        rows = "".join(f"<Contents><Key>{self._marks}{n:06d}.dcm</Key></Contents>" for n in range(count))
        more = "true" if self._keys > count else "false"
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>scans</Name><IsTruncated>{more}</IsTruncated>{rows}</ListBucketResult>"
        ).encode()
