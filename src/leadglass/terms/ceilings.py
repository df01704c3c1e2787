"""Every buffer has a ceiling with a name and a reason (law 5). This is the list.

A ceiling is a plain number. Code that enforces one raises `CeilingReached` with the ceiling's name, and the
tests drive each one from both sides.
"""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

# --- upper layer (PS3.8) -------------------------------------------------------------------------------------
MAX_ASSOCIATE_PDU: Final = 256 * KIB
"""Bytes of an A-ASSOCIATE-RQ/AC: 128 contexts with many transfer syntaxes and a 64 KiB identity fit with room."""
MAX_PDU_LENGTH_OFFERED: Final = 256 * KIB
"""The PDU length we offer and enforce for P-DATA-TF: larger brings no speed, see bench notes."""
MAX_PRESENTATION_CONTEXTS: Final = 128
"""Odd ids 1..255 (PS3.8 §9.3.2.2): there can be no more."""
MAX_TRANSFER_SYNTAXES_PER_CONTEXT: Final = 64
"""The standard knows fewer than 60 transfer syntaxes."""
MAX_USER_INFORMATION_ITEMS: Final = 1024
"""Role selection and extended negotiation come one per SOP class; about 250 SOP classes exist."""
MAX_IDENTITY_FIELD: Final = 16 * KIB
"""Primary or secondary field of a user identity item: SAML assertions and JWTs stay under this."""

# --- DIMSE (PS3.7) -------------------------------------------------------------------------------------------
MAX_COMMAND_SET: Final = 64 * KIB
"""A command set is a few hundred bytes; N-SERVICE attribute lists may be longer."""
MAX_COMMAND_FRAGMENTS: Final = 64
"""Fragments of one command set: an endless train of empty fragments must end."""
MAX_EMPTY_FRAGMENTS: Final = 64
"""PDVs in a row that carry no bytes: legal once in a while, an attack in numbers."""
MAX_IDENTIFIER: Final = 1 * MIB
"""A query identifier or N-SERVICE data set; lists of 10,000 UIDs fit."""
MAX_OBJECT: Final = 16 * 1024 * MIB
"""One stored instance: the largest whole slide images and multi-frames known stay below."""
MAX_OPERATIONS_QUEUED: Final = 4
"""Messages that may wait while one is being answered; we negotiate a window of one."""

# --- data sets (PS3.5) ---------------------------------------------------------------------------------------
MAX_HEADER_BYTES: Final = 32 * MIB
"""Bytes read from the start of a data set in search of index attributes."""
MAX_NESTING_DEPTH: Final = 64
"""Sequences within sequences; real objects stay under 10."""
MAX_HEADER_ELEMENTS: Final = 100_000
"""Elements before pixel data, nested ones included."""
MAX_DEFLATED_HEADER: Final = 64 * MIB
"""Bytes a deflated data set may grow to while its header is read."""
MAX_VALUE_INDEXED: Final = 4 * KIB
"""Bytes of one attribute kept in the index."""
MAX_OFFSET_TABLE: Final = 4 * MIB
"""Bytes of a table of frames: half a million frames with 64-bit offsets."""
MAX_FRAGMENTS: Final = 262_144
"""Fragments looked at one by one where no table tells the frames apart, or of one frame."""
MAX_FRAME: Final = 256 * MIB
"""One frame given out by itself, or drawn: the largest planar images stay below."""
MAX_LAYOUTS: Final = 16 * MIB
"""Memory for knowing where the frames of the objects lie that were looked at last."""
MAX_FRAMES_NAMED: Final = 10_000
"""Frames named in one request."""
MAX_VIEWPORT: Final = 8192
"""Columns or rows of a picture asked for."""

# --- net -----------------------------------------------------------------------------------------------------
MAX_CONNECTIONS: Final = 512
"""Open connections in all; a listener stops accepting above it."""
MAX_CONNECTIONS_PER_ADDRESS: Final = 128
"""Open connections of one source address: one broken sender must not lock out the others."""
ARTIM_SECONDS: Final = 30.0
"""Time to send an A-ASSOCIATE-RQ, or to close after a reject or abort (PS3.8 §9.1.5)."""
IDLE_SECONDS: Final = 300.0
"""An established association that says nothing for so long is aborted."""
MAX_SEND_BACKLOG: Final = 4 * MIB
"""Bytes waiting in one connection's send buffer before its producer must wait."""
MAX_INCOMING_IN_MEMORY: Final = 4 * MIB
"""An object up to this size is received into memory; a larger one is spooled, encrypted, as it comes."""
MAX_INCOMING_TOTAL: Final = 256 * MIB
"""Object bytes held in memory over all associations; above it, reading pauses."""

# --- storing over HTTP (RFC 2046, PS3.18 §10.5) ----------------------------------------------------------------
MAX_MEDIA_TYPE: Final = 1 * KIB
"""Characters of a Content-Type: a boundary and a few short parameters."""
MAX_BOUNDARY: Final = 128
"""Characters of a boundary: RFC 2046 §5.1.1 allows 70, and Orthanc sends 73."""
MAX_MULTIPART_PARTS: Final = 10_000
"""Instances of one request: large studies have a few thousand, and each part owes a line of the answer."""
MAX_PART_HEADERS: Final = 8 * KIB
"""Header bytes of one part: a Content-Type and a Content-Location take 200."""
MAX_MULTIPART_PREAMBLE: Final = 16 * KIB
"""Bytes before the first delimiter, or behind the last: one sentence for readers without MIME, and mostly nothing."""
MAX_TRANSPORT_PADDING: Final = 256
"""Blanks behind a delimiter: relays of the days of mail added a few."""
MAX_STORES_AT_ONCE: Final = 8
"""Instances of one request that are made durable while the next ones are read: they share one sync."""

# --- metadata ------------------------------------------------------------------------------------------------
MAX_HEADER_RENDERED: Final = MAX_HEADER_BYTES
"""Bytes from the start of a data set that are read for its metadata; what stands behind them is left out."""
MAX_METADATA: Final = 64 * MIB
"""One instance's DICOM JSON: functional groups of 10,000 frames take about 20 MiB."""
MAX_METADATA_KEPT_OPEN: Final = 64 * MIB
"""JSON of parts opened lately: some 13,000 instances."""
MAX_SERIES_AWAITING_METADATA: Final = 10_000
"""Series remembered as having something new; more are found again in the index."""

# --- gate ----------------------------------------------------------------------------------------------------
MAX_LEDGER_ENTRY: Final = 60 * KIB
"""An entry must fit the 16-bit length of a tlog-tiles entry bundle."""
MAX_FIND_PAGE: Final = 500
"""Answers disclosed under one ledger entry; the next page waits for the next entry."""

# --- web -----------------------------------------------------------------------------------------------------
MAX_ACCEPT: Final = 8 * KIB
"""Characters of an Accept header, the Accept query parameter included."""
MAX_MEDIA_RANGES: Final = 128
"""Media ranges in an Accept header: a client that lists every transfer syntax names about 60."""
MAX_SEARCH_PARAMETERS: Final = 256
"""Query parameters of one search; there are 48 attributes to ask for, and as many to include."""
MAX_SEARCH_VALUE: Final = 4 * KIB
"""Characters of one query parameter of a search that is no list of UIDs; those may be as long as MAX_IDENTIFIER."""
MAX_ITEMS_ANSWERED: Final = 100
"""Items of RequestAttributesSequence in one answer of a search; a series is made for one request, seldom for a few."""
MAX_SEARCH_ANSWERS: Final = 10_000
"""Answers of one search, also without a limit of its own; the caller is told that there are more, and asks again."""

# --- web -----------------------------------------------------------------------------------------------------
MAX_REQUEST_LINE: Final = 32 * KIB
"""The address of a web request: a search for 400 UIDs fits."""
MAX_REQUEST_HEAD: Final = 64 * KIB
"""Address and headers of a web request: a token of MAX_IDENTITY_FIELD fits with room."""
MAX_REQUEST_HEADERS: Final = 100
"""Headers of a web request; browsers send about 20."""
MAX_REQUESTS_WAITING: Final = 4
"""Web requests sent on one connection before the last one was answered; hardly any client does that at all."""
MAX_CONSOLE_FORM: Final = 128 * KIB
"""Bytes of a form of the console; the largest holds what a browser says of a passkey."""
MAX_BODY_DISCARDED: Final = 8 * MIB
"""Bytes of a body that are still read after it was refused, so that its sender gets to see why."""
MAX_WEB_SEND_BACKLOG: Final = 64 * KIB
"""Bytes waiting in one web connection's send buffer before its producer must wait. The kernel's own buffer lies
behind it: more brings no speed, and hundreds of slow readers would hold it."""
MAX_PASSKEY_RESPONSE: Final = 64 * KIB
"""Characters of what a browser hands over of a passkey (JSON); an ordinary one has two thousand."""
MAX_OUTGOING_TOTAL: Final = 16 * MIB
"""Object bytes read for web answers and not sent yet, over all of them; see `archive.outgoing`."""
MAX_TURNED: Final = 512 * MIB
"""A file that is given in another transfer syntax than it is stored in: it must be in memory as a whole."""

# --- survey --------------------------------------------------------------------------------------------------
MAX_OPEN_ADDRESSES_COUNTED: Final = 1_000_000
"""Addresses with something open that a run counts while it goes on; the report counts them all."""
MAX_TARGETS_NAMED: Final = 50_000
"""Hosts and ports named one by one for a run; they stand in the first line of its evidence."""
MAX_SCAN_DOCUMENT: Final = 128 * MIB
"""Bytes of an imported scan that is one JSON document; one object a line may be as long as it likes."""
MAX_SCAN_RECORD: Final = 16 * MIB
"""Bytes of one record of an imported scan: banners with whole pages in them have a few."""
MAX_SCOPE: Final = 8 * MIB
"""Bytes of a scope file: MAX_SCOPE_BLOCKS with an organisation each fit."""
MAX_SCOPE_BLOCKS: Final = 100_000
"""Networks and hosts one scope may name, exclusions included; they are held in memory."""
MAX_SCOPE_SIGNATURE: Final = 4 * KIB
"""Bytes of a signature file beside a scope."""
MAX_PLACES: Final = 64 * MIB
"""Bytes of a table of countries or networks, unpacked; those that come with Leadglass take 10."""
MAX_PLAN: Final = 1 << 40
"""Targets of one run: more would take years, and a /64 of IPv6 cannot be walked at all."""
MAX_FIELD_NAME: Final = 256
"""Characters of a field's name that are looked at for what it speaks of; what lies behind them says nothing more."""
MAX_DATABASE_ANSWER: Final = 1 * MIB
"""Bytes a database may say on one connection: the names of 20 databases and 100 collections take a hundredth of it."""
MAX_DATABASES_NAMED: Final = 20
"""Databases of one server that are looked into; that there are more is said."""
MAX_COLLECTIONS_NAMED: Final = 100
"""Collections of one server that are looked into; that there are more is said."""
MAX_BSON_DEPTH: Final = 32
"""Documents within documents; answers to commands stay under 8."""
MAX_BSON_ELEMENTS: Final = 20_000
"""Elements of one document of a database's answer, nested ones included."""
MAX_REPLY_LINE: Final = 8 * KIB
"""Bytes of one line of an FTP or Redis server."""
MAX_SMB_MESSAGE: Final = 64 * KIB
"""Bytes of one SMB message; an answer to a negotiation has a few hundred."""
MAX_ANSWER_HEAD: Final = 16 * KIB
"""Status line and headers of a web answer a survey reads; ordinary ones have less than one."""
MAX_LANDING_PAGE: Final = 64 * KIB
"""Bytes of a web server's first page that are looked at; what says which product it is stands at the top."""
MAX_COUNTED_LISTING: Final = 1 * MIB
"""Bytes of a list that is counted and dropped: the first page of a bucket has up to 1,000 keys."""
MAX_COLLECTIONS: Final = 64
"""Indexes and databases of one system that are kept by name."""
MAX_OWNER_ANSWER: Final = 1 * MIB
"""Bytes of a registry's answer to whose an address is; usual are ten thousand."""
MAX_WEB_REQUESTS: Final = 32
"""Requests to one web port. Usual are five to fifteen."""
MAX_WEB_SAMPLES: Final = 5
"""Records of one web port that are looked at for kinds of personal data, however many a scope grants."""
MAX_TLS_FLIGHT: Final = 128 * KIB
"""Bytes of a stranger's TLS handshake: chains of five certificates take eight thousand."""
MAX_CERTIFICATE: Final = 64 * KIB
"""Bytes of a stranger's certificate; with a hundred names it has ten thousand."""
MAX_CERTIFICATE_NAMES: Final = 100
"""Names of one certificate that are kept; shared hosts have dozens."""
MAX_PROBES_AT_ONCE: Final = 16_384
"""Targets underway in a run. Most of them wait for an answer that never comes."""
MAX_SECOND_LOOKS: Final = 10_000
"""Targets that owed an answer and are kept to be looked at once more."""
MAX_TARGETS_HELD_BACK: Final = 16_384
"""Targets read from the plan that wait for another connection to the same host to end."""
MAX_PACED: Final = 1_000_000
"""Networks and hosts whose last connection is remembered, so that the next one is not too early."""
MAX_GEOMETRY: Final = 32 * MIB
"""Bytes of a GeoJSON file that a report's map is drawn from."""

# --- range ---------------------------------------------------------------------------------------------------
MAX_RANGE_OWN_LISTENERS: Final = 4096
"""Doors of a world that are sockets of their own, so that every other port is closed; more share one a port. The
largest world shipped has 2,339."""
MAX_RANGE_ANSWERS_WAITING: Final = 8
"""Requests on one connection of the practice range that wait for the end of an answer before no more are read."""
MAX_RANGE_SEND_BACKLOG: Final = 24 * KIB
"""Bytes the practice range gives one peer before it turns to the next: hundreds may ask for millions of records at
once, and the next one who only says hello must not wait for all of them."""
MAX_RANGE_REQUEST: Final = 16 * KIB
"""Bytes of the head of a web request that a simulated server waits for."""
MAX_RANGE_PDU: Final = 64 * KIB
"""A PDU that a simulated archive takes: requests and identifiers; nobody should send it an image."""
MAX_RANGE_REMEMBERED: Final = 256
"""Answers that a simulated product keeps, to give them again without work."""
MAX_EVIDENCE_ENTRY: Final = 4 * MIB
"""Bytes of one entry of the evidence log: forty talks at their own ceiling. Beyond it only verdicts are kept."""
MAX_OWN_WORDS_KEPT: Final = KIB
"""Bytes of ours in a row that evidence holds as they were said; of more, their hash: a replay says them again."""
MAX_EVIDENCE_BUFFER: Final = 16 * MIB
"""Entries not yet written: a slow disk slows the run down."""
MAX_EVIDENCE_SHARD: Final = 32 * MIB
"""Bytes of one evidence file: what can be looked at, copied and made into tables in one piece."""
MAX_EVIDENCE_SHARD_ENTRIES: Final = 50_000
"""Entries of one evidence file."""
MAX_EVIDENCE_NUMBER: Final = 1 << 28
"""Targets of one run: which of them are done takes 32 MB."""
MAX_REMEMBERED_READING: Final = 8 * KIB
"""Bytes of an A-ASSOCIATE-AC or command whose reading is remembered, because the next peer will say the same."""
MAX_REMEMBERED_READINGS: Final = 512
"""How many of each: every release of every common program, with room."""
MAX_COUNTING_BYTES: Final = 1024 * MIB
"""Bytes of one association that counts: each answer takes 200 to 400 bytes, and is forgotten at once."""
MAX_RECORDS_PER_ASSOCIATION: Final = 250_000
"""Records after which a count goes on in a new association: no connection is held for minutes."""
MAX_ANSWERS_AFTER_CANCEL: Final = 10_000
"""Answers that may still be on their way when a C-CANCEL is sent; who sends more is cut off."""
MAX_IDENTIFIER_COUNTED: Final = 16 * KIB
"""Bytes of one answer to a question for two attributes."""
