"""What to look at: the scope's ground as a numbered plan, scans that others made, and where addresses are.

plan.py        every target by number, in an order that is gentle to neighbours, none held
choosing.py    lists of hosts that limit a run
imports/       scans of others, one small file a format
places/        country and network of an address, from packed open data
"""
