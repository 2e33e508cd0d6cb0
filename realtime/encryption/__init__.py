"""Clips and stills encrypted at rest, and the one way in which they are opened.

In come a key and bytes; out come sealed files, and what is in them.
Public: `open_media`, `read_still`, `read_key`, `SealWriter`.
"""
