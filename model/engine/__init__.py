"""Engine folders: what a trained network becomes, with its model card and its hashes.

In come weights and what is known of them; out comes a folder that `realtime.engine` opens.
Public: `write_engine`, `model_card`, and the torch runtime, the reference of all others.
"""
