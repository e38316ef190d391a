"""Files of models rewritten, where the models stay what they are."""
