"""moto behind one wall: nothing else of this library imports it.

moto answers for every service that the emulator does not replace, and keeps functions, roles, stacks, logs and metrics.
Each file here is one concern of it.  `attaching.py` makes moto the local cloud's, for as long as that is open; moto's
own patching of boto3 is not used: requests come in through `dispatch.py`.
"""
