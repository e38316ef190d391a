"""Compiling: the pipeline over a whole project, and what it says."""
