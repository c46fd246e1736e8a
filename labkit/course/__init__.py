"""The course kit: running and rendering the labs, and the command line `labkit`."""
