"""The difference between the project and what is built, as data, with reasons."""
