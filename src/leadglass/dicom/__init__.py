"""The language, pure: what DICOM says on the wire and in a file, with no I/O, no clock, no chance and no log.

    upperlayer/  associations (PS3.8): PDUs, negotiation, the state machine
    dimse/       messages (PS3.7): command sets, fragments, statuses
    and beside them the elements (PS3.5): uids, the header walker, character sets, Part 10 files, identifiers,
    DICOM JSON

Bytes from outside are read by total functions: they return a value or raise `PeerViolation`, which holds the
answer the peer is owed. This is the only room that may import pydicom.
"""
