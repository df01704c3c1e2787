"""One data model of a run (and of two runs), rendered for people and for programs.

model.py          everything a report says, as values: counted once, shown in every form
building.py       makes it; regions.py, pictures.py, details.py, trend.py count its parts, wording.py says them
withholding.py    small cells, and what would give them away
redacting.py      addresses and owners out of texts, for the public
html/ pdf/        for people
exchange/         CSV, JSON, SARIF, CSAF, OCSF, STIX, Shadowserver
charts.py, maps.py   SVG; geography.py has the shapes
writing.py        files
"""
