"""The built-in certificate authority: names for devices that speak TLS, and a certificate for our own doors.

    files.py      small secret files, whole or not at all, readable by their owner only
    authority.py  `EnrolmentAuthority`: the CA itself and what it signs
    server.py     the certificate of the TLS doors, renewed when it must be
    folder.py     the folder handed to whoever sets up a device

There is no revocation list: a revoked device is revoked in the index, where every door asks at every request.
"""
