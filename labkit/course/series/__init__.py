"""The labs run and rendered, for CI and readers."""
