"""The store: durable, encrypted, small. Objects in volumes, keys in an envelope, an index that finds them.

An object's way in, as the archive walks it:

    ring = KeyRing.open(home / "keys")                  # wrong master key: found here
    journal = Journal.open(home / "volumes")            # torn tail of a crash: cut off here
    incoming = journal.incoming(file_meta)              # one object; bytes go straight to where they will live
    incoming.write(data) ... incoming.finish()          # large objects spool themselves to disk, encrypted
    header = read_header(incoming.head, ...)
    key = StudyKey.generate(); store ring.wrap(key)     # durable in the index before the first object of the study
    location = await journal.append(incoming, key)      # returns when a power cut can no longer lose it
    async for piece in journal.read(location, key): ... # authenticated before it is given out

Where to look:

    location.py   Location: where an object lies
    port.py       what any journal promises (local volumes here, an object store for scale-out)
    journal.py    the local journal: one writer thread, group commit
    incoming.py   an object while it arrives; budget.py keeps all of them within MAX_INCOMING_TOTAL
    record.py     the record's bytes; volume.py the volume's; docs/formats/journal.md says both for implementers
    objects.py    the encryption of one object: Tink's AES256-GCM-HKDF-1MB
    recovery.py   what is cut off after a crash; check.py verifies everything from outside
    keys/         master key, study keys, sub-keys, rotation
    index/        the only SQL

Nothing outside `keys/`, `objects.py` and `record.py` touches cryptography; nothing outside `index/` touches SQL.
"""
