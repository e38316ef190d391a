"""What the last compilation and plan leave for the next: nothing is done twice."""
