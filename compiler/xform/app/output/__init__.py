"""What others read: JSON forms, artefacts, SARIF."""
