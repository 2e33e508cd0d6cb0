"""The command line: words in, an exit code out.

programs   `fleeting`: finds the commands that packages register and runs the one that is named
command    what all commands share: help, examples, errors and their exit codes
live       `fleeting live`, `fleeting demo`
sessions   `fleeting review`, `export`, `batch`
machine    `fleeting doctor`, `face-model`
"""
