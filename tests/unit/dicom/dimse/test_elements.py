"""The command dictionary against pydicom's dictionary of group 0000."""

from __future__ import annotations

from pydicom.datadict import dictionary_VR

from leadglass.dicom.dimse.elements import COMMAND_ELEMENTS, LAYOUTS


def test_every_element_has_the_vr_of_the_dictionary() -> None:
    for number, kind in COMMAND_ELEMENTS.values():
        assert dictionary_VR(number) == kind.name


def test_layouts_ascend() -> None:
    for layout in LAYOUTS.values():
        numbers = [row.element for row in layout.elements]
        assert numbers == sorted(set(numbers))
