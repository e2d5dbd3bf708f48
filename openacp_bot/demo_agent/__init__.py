"""The built-in demo agent: a real ACP agent over stdio, standard library only, for trying everything without a key.

1. It stands alone: nothing of the rest of the program is imported here.
2. Only protocol goes to standard output.
3. It touches nothing outside the session's directory but its own history files.
"""
