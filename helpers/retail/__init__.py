"""The retail system of chapter 08 from outside: its tables, a game that is played with it, a museum of its bugs."""
