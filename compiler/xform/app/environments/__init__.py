"""What environments show: moving, going back, dropping what nothing shows."""
