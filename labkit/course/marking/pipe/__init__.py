"""The pipe between a check and the student's function that it judges: two processes, and only plain values between."""
