"""All settings of a live run: flags, TOML file and session.json in, one checked tree out.

tree    the settings, each with what it means, its unit and its bounds
load    values of a file and of flags become the tree, or an error that names the key
write   the tree as a settings file with a comment for every key
"""
