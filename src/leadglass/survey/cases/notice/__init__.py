"""The packet an owner gets: what stands open where and since when, how to close it, how to prove it, until when the law
wants whom to be told. Text and HTML, from one set of values, in the reader's language: a language is one file here.
"""
