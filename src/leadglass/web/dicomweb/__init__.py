"""DICOMweb (PS3.18): the archive's deeds as HTTP resources."""
