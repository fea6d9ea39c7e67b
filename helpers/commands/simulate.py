"""Put simulated transactions into a stream, as a shop's till would."""

from helpers.commands import library

main = library.job("simulate")
