import time

from book_strictly import book


def handler(event, context):
    for record in event["Records"]:
        time.sleep(1)  # stands for a database that has a bad day
        book(record)
