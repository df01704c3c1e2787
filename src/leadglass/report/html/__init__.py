"""The report as one HTML file: nothing in it is fetched from anywhere, and its CSP forbids that anything could be.

page.py      the model, and what is drawn from it, put into the templates
templates/   the page, a part a file, its style and its script
"""

from leadglass.report.html.page import html_of

__all__ = ["html_of"]
