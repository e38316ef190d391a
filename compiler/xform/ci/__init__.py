"""What a change of a project means: two versions compared, and a verdict for reviewers."""
