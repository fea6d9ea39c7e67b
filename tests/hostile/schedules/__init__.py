"""Random schedules of what people do to streams and mappings, and a judge who knows nothing of the emulator.

`schedule.py` draws one from a seed, `play.py` performs it with plain boto3, `handler.py` is every function of it, and
`judge.py` says from what was asked, answered, written down and reported whether AWS's promises were kept.
"""
