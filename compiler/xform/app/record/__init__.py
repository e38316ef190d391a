"""The record of what is built and shown, and the right to change it."""
