"""Lessons: the steps of a short course, a film that others made, and a sheet for teachers."""
