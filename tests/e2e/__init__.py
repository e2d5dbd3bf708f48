"""The daemon as it is started by people: a process with a home of its own, agents that are processes, and a tab."""
