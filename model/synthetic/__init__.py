"""The generator: onset–apex pairs of blended identities whose skin moves by known action units.

In come portraits and a seed; out come pairs with class, units and displacement.
Public: `PairStream`, `Recipe`, `Portrait`, `SKINS`.
"""
