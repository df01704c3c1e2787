"""The only sockets. One driver runs any association; the rooms above see services, sinks and associations.

    serve_dicom(...)        listener.py     accepts, counts, shuts down in order
    open_association(...)   connector.py    calls a peer
    server_context(...)     tls.py          TLS as PS3.15 B.12 and B.13 want it
    Service, DataSink, …    service.py      the ports the rooms above implement

Between the socket and a service stand two files: driver.py (bytes, timers, back-pressure) and exchange.py (messages,
one after another). Neither logs; what goes wrong is told to an `OnFault` callback in words for people.
"""
