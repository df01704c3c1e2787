"""pydicom's tables of PS3.6, read as data.

The tables are plain modules of dictionaries. Importing the package around them would bring its pixel codecs and
numpy along: 70 MB and most of a second for every command and every server, which need none of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from types import ModuleType

__all__ = ["attributes", "private_attributes", "repeating_attributes", "uids"]


def attributes() -> Mapping[int, tuple[str, str, str, str, str]]:
    """Tag → (VR, VM, name, retired, keyword)."""
    return _table("_dicom_dict").DicomDictionary  # type: ignore[no-any-return]


def repeating_attributes() -> Mapping[str, tuple[str, str, str, str, str]]:
    """The same for tags such as "60xx3000"."""
    return _table("_dicom_dict").RepeatersDictionary  # type: ignore[no-any-return]


def private_attributes() -> Mapping[str, Mapping[str, tuple[str, str, str, str]]]:
    """Private creator → tag such as "0029xx00" → (VR, VM, name, retired)."""
    return _table("_private_dict").private_dictionaries  # type: ignore[no-any-return]


def uids() -> Mapping[str, tuple[str, str, str, str, str]]:
    """UID → (name, type, info, retired, keyword)."""
    return _table("_uid_dict").UID_dictionary  # type: ignore[no-any-return]


@cache
def _table(name: str) -> ModuleType:
    package = find_spec("pydicom")
    assert package is not None
    assert package.submodule_search_locations, "pydicom is a dependency"
    spec = spec_from_file_location(f"leadglass.dicom.{name}", f"{package.submodule_search_locations[0]}/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
