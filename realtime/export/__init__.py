"""A session's events in the formats of laboratories: ELAN's tiers, BIDS's table of events.

    spans  what happened from when to when, on which tier
    elan   an .eaf file beside the video
    bids   an events.tsv and its sidecar

`fleeting export SESSION --elan FILE.eaf --bids FILE.tsv`
"""
