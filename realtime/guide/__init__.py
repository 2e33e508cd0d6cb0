"""The guided minute before a first run: `fleeting live --guide`.

In: frames of a source.  Out: what to do so that the face can be judged, and which of three
movements of known size, laid onto the person's own picture, were found (`GuidedMinute`,
`program.run`).  Nothing is kept.
"""
