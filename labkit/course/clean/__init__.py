"""What students hand in, made fit to be opened by others: nothing in it runs, loads anything, or poses as the page."""
