"""The DIMSE door: DIMSE messages in, deeds done, statuses out. Nothing is judged, searched or stored here.

`service` is what net runs for each association. `acceptance` answers the association request; one file a service
does the rest: `storing`, `finding`, `getting`, `moving`, `committing`.
"""
