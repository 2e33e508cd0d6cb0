"""A coder answers what was flagged, and a sample of what was not, in a browser.

    footage    the frames around an item
    replay     these as pictures of the face, aligned as the live path aligns it, and what moved
    clip_pack  the same in one piece for the browser; clip_maker makes them ahead
    traces     what frames.csv says of a session, as series
    desk       the answers: kept at once, undone, never given unseen
    views      what the page is told, and what not before the answer
    summary    what came of it
    web        pages and calls; access: who may make them; server: on this machine alone

`fleeting review STUDY`
"""
