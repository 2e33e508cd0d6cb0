"""One module a runtime: each opens an engine folder's network and answers pairs with `Answer`s.

Public: `open_session(folder, backend, threads, progress)` of every module.
"""
