"""Which country and which network (AS) an address is in, from packed open data.

table.py     one packed table and the look-up in it
packing.py   a table made from CSV: address ranges with a country, or with an AS number and its name
country.xz, as.xz   what comes with Leadglass; docs/decisions/0030 says from where
"""

from leadglass.survey.targets.places.places import Places

__all__ = ["Places"]
