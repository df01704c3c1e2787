"""DIMSE, the message layer (PS3.7), pure: bytes in, messages out.

messages.py   the 23 messages as values
elements.py   the command dictionary (PS3.7 annex E) as one table
encode.py     message → command set
decode.py     command set → message; total: anything odd is a PeerViolation
assembler.py  presentation data values → whole commands and pieces of data sets
framing.py    command and data set → P-DATA-TF PDUs
statuses.py   status codes, their names and categories (PS3.7 annex C, PS3.4)
"""
