"""The student's copy of the series."""
