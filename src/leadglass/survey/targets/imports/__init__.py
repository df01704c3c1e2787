"""Scans that others made (level 0): addresses, ports and when they were seen, and nothing personal.

    reading.py      one file of any known format, found out by looking at it
    imported.py     what every format is read into, and the observation it becomes
    faults.py       where a file is wrong, in words
    json_records.py one record after another of files that are JSON, or nearly
    nmap.py, masscan.py, shodan.py, censys.py, shadowserver.py   one format each

What a scan quotes of a system (pages, listings, answers) is passed over: it may hold patient data.
"""

from leadglass.survey.targets.imports.imported import Imported, observation_of
from leadglass.survey.targets.imports.reading import is_scan, read_scan

__all__ = ["Imported", "is_scan", "observation_of", "read_scan"]
