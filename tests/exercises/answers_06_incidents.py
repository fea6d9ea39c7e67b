"""Chapter 06, the incidents: wrong remedies as learners try them, and a part of what each is told."""


def remedy(call: str, cause: str) -> str:
    return f"def treat(lambda_, kinesis, case):\n    {call}\n    return {cause!r}"


def mapping(settings: str) -> str:
    return f"lambda_.update_event_source_mapping(UUID=case.mapping, {settings})"


LANES = mapping("ParallelizationFactor=10")

WRONG = {
    "6.7": {
        "a larger batch": (remedy(mapping("BatchSize=1000"), "slow function"), "A batch of twice the size takes twice"),
        "readers": (remedy(LANES, "too many readers"), "Here not one read was refused"),
        "poison": (remedy(LANES, "poison record"), "Here not one call has failed"),
        "timeout": (remedy(LANES, "batch outlasts the timeout"), "No call was cut off"),
        "only looks": (remedy("case.function", "slow function"), "changes nothing"),
    },
    "6.8": {
        "age": (remedy(mapping("MaximumRecordAgeInSeconds=60"), "poison record"), "orders are lost: they were older"),
        "hot key": (remedy(LANES, "hot key"), "Here the shares are"),
        "timeout": (remedy(LANES, "batch outlasts the timeout"), "none was cut off"),
        "two knobs": (
            remedy(mapping("MaximumRetryAttempts=2, BatchSize=1"), "poison record"),
            "your call turns MaximumRetryAttempts and BatchSize",
        ),
    },
    "6.9": {
        "lanes": (remedy(LANES, "hot key"), "A key is always in one lane"),
        "slow": (remedy(LANES, "slow function"), "needs longer for each record"),
        "two calls": (remedy(f"{mapping('BatchSize=100')}; {LANES}", "hot key"), "One call, please"),
    },
    "6.10": {
        "lanes": (remedy(LANES, "too little concurrency"), "More lanes knock at the same door"),
        "hot key": (remedy(LANES, "hot key"), "Here the shares are"),
        "no cause": (remedy(LANES, "bad luck"), "your remedy returned 'bad luck'"),
    },
    "6.11": {
        "a little more time": (
            remedy(
                "lambda_.update_function_configuration(FunctionName=case.function, Timeout=300)",
                "batch outlasts the timeout",
            ),
            "How long does a batch take that is full?",
        ),
        "poison": (remedy(LANES, "poison record"), "have stopped in the same minute"),
        "slow": (
            remedy(LANES, "slow function"),
            "no call has gone through since the trouble began: each holds 380 records, not 19.",
        ),
        "throttles": (remedy(LANES, "too little concurrency"), "those are Throttles, and here there are none"),
    },
}
