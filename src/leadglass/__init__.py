"""Leadglass: finds medical imaging archives that leak, and puts each one behind a locked door."""

__version__ = "0.1.0"
