"""A person checks what was flagged: every clip slowed down with the head held still, one key each.

    flags      what a session holds to be checked
    labels     the reviewer's labels: labels.csv, which the trainer reads
    replay     a clip as pictures of the face, aligned as the live path aligns it
    sheet      one picture of the window
    reviewer   the effect of each key
    window     the screen
    figures    precision and false-alarm rate on these recordings

`fleeting review SESSION`
"""
