"""Carries out a plan through ports: engine, state, host."""
