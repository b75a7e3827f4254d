"""Prints a property list as JSON for a test, with Python's own parser, which the product does not share."""
import base64
import datetime
import json
import plistlib
import sys


def tagged(value):
    if isinstance(value, dict):
        return {key: tagged(each) for key, each in value.items()}
    if isinstance(value, list):
        return [tagged(each) for each in value]
    if isinstance(value, bytes):
        return {'data': base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        return {'date': value.isoformat()}
    return {'real': value} if isinstance(value, float) else value


with open(sys.argv[1], 'rb') as file:
    print(json.dumps(tagged(plistlib.load(file))))
