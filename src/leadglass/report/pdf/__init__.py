"""The report as a PDF that screen readers can follow (PDF/UA-1): set by typst from the same model.

typesetting.py   the model as data for the document, and the drawing of the map in its colours
report.typ       the document
"""

from leadglass.report.pdf.typesetting import pdf_of

__all__ = ["pdf_of"]
