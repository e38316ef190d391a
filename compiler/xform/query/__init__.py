"""Memoisation of pure stages by the content of their inputs, with a log of what really ran."""
