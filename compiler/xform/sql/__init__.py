"""Text to tree to intermediate form. The only stage below the engines that knows sqlglot."""
