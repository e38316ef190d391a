"""The layout of written SQL: tokens to a document of possible line breaks, and to text again."""
