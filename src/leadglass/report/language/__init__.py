"""All fixed words of a report, and how numbers and dates are written: a table of data for each language.

en.toml, de.toml   the words, by section; two forms where a number decides between them
countries/         names of countries by ISO 3166-1 alpha-2, where the map's own are not in the language
"""

from leadglass.report.language.speaking import LANGUAGES, Language, language

__all__ = ["LANGUAGES", "Language", "language"]
