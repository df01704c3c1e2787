"""One data model of a run (and of two runs), rendered for people and for programs.

model.py     everything a report says, as values: counted once, shown in every form
html/ pdf/   for people
exchange/    CSV, JSON, SARIF, CSAF, OCSF, STIX, Shadowserver
charts.py, maps.py   SVG
"""
