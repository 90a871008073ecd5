"""Times swiftconv beside other libraries: each in a process of its own, in turns, on the same rows and the same numbers."""
