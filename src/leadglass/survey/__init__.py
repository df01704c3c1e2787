"""Measure exposure without reading it.

    scope/           who allowed what, until when, how intense: a signed file, and the warrant it becomes
    targets/         what to look at: the scope's networks, imported scans, places (country, AS)
    services.py      which kind of service listens where
    conversation.py  one connection's talk, pure, with the transcript it leaves
    probe.py         a probe: asks for connections one after another and ends in an observation
    probes/          one small file each
    courier.py       the only one who asks net for a connection: warrant, pace, one at a time for each host
    campaign.py      a run: plan, resume, stop
    observation.py   what a probe saw, typed
    records/         observations and evidence on disk
    system.py        observations of one address, as one system
    rules/           systems → findings, pure
    grading.py, comparing.py, cases/

survey sees terms, dicom and net, never store, gate or archive: it can neither keep nor open patient data.
"""
