"""A person checks what was flagged: every clip slowed down with the head held still, one key each.

    flags      what a session holds to be checked
    labels     what the person said: labels.csv, which the trainer reads
    replay     a clip as pictures of the face, aligned as the live path aligns it
    sheet      one picture of the window
    reviewer   which key does what
    window     the screen
    figures    what came of it: how often the program was right, false alarms a minute

`fleeting review SESSION`
"""
