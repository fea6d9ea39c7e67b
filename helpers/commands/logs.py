"""Show what a function has logged, and go on doing so with --follow."""

from helpers.commands import library

main = library.job("logs")
