"""Metadata rendered once: DICOM JSON of every instance, made when the archive has time for it, kept folded by series.

keeper     what was not rendered yet is found and rendered, in idle time or because somebody asks for it
renderer   one process of low priority that reads strangers' headers; `process` is what runs in it
parts      how the objects of a series are folded into parts
opened     parts opened lately, under a ceiling
"""
