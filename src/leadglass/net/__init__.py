"""The only sockets. One driver runs any association; the rooms above see services, sinks and associations.

    serve_dicom(...)        listener.py     a door for DICOM
    serve_streams(...)      streams.py      a door for whatever speaks on TLS, such as the web door
    Listener                listening.py    accepts, counts, shuts down in order
    open_association(...)   connector.py    calls a peer
    server_context(...)     tls.py          TLS as PS3.15 B.12 and B.13 want it
    Service, DataSink, …    service.py      the ports the rooms above implement

Between the socket and a service stand two files: driver.py (bytes, timers, back-pressure) and exchange.py (messages,
one after another). Neither logs; what goes wrong is told to an `OnFault` callback in words for people.
"""
