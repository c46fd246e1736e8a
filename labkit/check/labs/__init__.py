"""What is asked in each lab, and the mistakes that are known: a file a lab."""
