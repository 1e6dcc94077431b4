"""Words and static forms of jobs: pure functions."""
