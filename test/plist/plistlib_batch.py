"""Reads and writes property lists with Python's plistlib, many in one run: a list of tasks on stdin, of answers on stdout.

Values are pairs of a type and what JSON can hold of it, so that 1 and 1.0 stay two things.
"""

import base64
import datetime
import json
import plistlib
import struct
import sys


def tree(value):
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a key is not a string")
        return ["dict", [[key, tree(child)] for key, child in value.items()]]
    if isinstance(value, (list, tuple)):
        return ["array", [tree(child) for child in value]]
    if isinstance(value, plistlib.UID):
        return ["dict", [["CF$UID", ["integer", str(value.data)]]]]
    if isinstance(value, bool):
        return ["boolean", value]
    if isinstance(value, int):
        return ["integer", str(value)]
    if isinstance(value, float):
        return ["real", "nan" if value != value else struct.pack(">d", value).hex()]
    if isinstance(value, str):
        return ["string", value]
    if isinstance(value, bytes):
        return ["data", base64.b64encode(value).decode()]
    if isinstance(value, datetime.datetime):
        return ["date", round((value - datetime.datetime(1970, 1, 1)) / datetime.timedelta(milliseconds=1))]
    return ["null", None]


def value(node):
    kind, content = node
    if kind == "dict":
        return {key: value(child) for key, child in content}
    if kind == "array":
        return [value(child) for child in content]
    if kind == "uid":
        return plistlib.UID(int(content))
    if kind == "integer":
        return int(content)
    if kind == "real":
        return struct.unpack(">d", bytes.fromhex(content))[0]
    if kind == "data":
        return base64.b64decode(content)
    if kind == "date":
        return datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=content)
    return content


def answer(task):
    try:
        if "read" in task:
            return {"tree": tree(plistlib.loads(base64.b64decode(task["read"])))}
        fmt = plistlib.FMT_XML if task["kind"] == "xml" else plistlib.FMT_BINARY
        data = plistlib.dumps(value(task["write"]), fmt=fmt, sort_keys=task["sort"])
        return {"bytes": base64.b64encode(data).decode()}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


json.dump([answer(task) for task in json.load(sys.stdin)], sys.stdout)
