"""The retail system of chapter 08: what happens goes into one log; each view of it is a function with its tables."""
