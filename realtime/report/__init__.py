"""A study as a page for a paper's supplement, and a stretch of a session as a figure.

    session_report  what one session shows: judged time, sensitivity, events
    rates           flags a judged minute of participants and conditions
    coding          what coders answered, and how far they agree
    charts          timelines and intervals in the coordinates of a page
    thumbnails      an event's stills, cut to the face
    methods         the methods paragraph, references and limits
    page            all of it as one HTML file
    pdf             the same, printed by a browser
    trace_plot      traces and events of a stretch, by matplotlib

`fleeting report STUDY --out report.html`, `fleeting plot SESSION --out figure.svg`
"""
