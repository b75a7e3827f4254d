"""Property lists as Apple's tools read, change and write them (macos.md 7.1)."""
import base64
import datetime
import json
import plistlib
import re
import sys


class Broken(Exception):
    """The data is no property list."""


def parse(data):
    """The value and the kind (`xml`, `binary` or `json`) of some data."""
    if not data:
        raise Broken('Cannot parse a NULL or zero-length data')
    if data.startswith(b'bplist'):
        try:
            return plistlib.loads(data, fmt=plistlib.FMT_BINARY), 'binary'
        except Exception as error:  # noqa: BLE001
            raise Broken('Unexpected character b at line 1') from error
    text = data.lstrip(b'\xef\xbb\xbf \t\r\n')
    if text.startswith(b'<'):
        try:
            return plistlib.loads(data, fmt=plistlib.FMT_XML), 'xml'
        except Exception as error:  # noqa: BLE001
            line = getattr(error, 'lineno', None) or 1
            raise Broken('Encountered unexpected EOF at line %d' % line if 'no element' in str(error) else
                         'Encountered unexpected element at line %d' % line) from error
    first = text[:1].decode('utf-8', 'replace')
    raise Broken('Unexpected character %s at line 1' % first)


def parse_json_too(data):
    """-convert, -extract and -p read JSON as well; -lint does not."""
    try:
        return parse(data)
    except Broken:
        try:
            return json.loads(data), 'json'
        except ValueError:
            raise


def write(value, kind):
    """Apple's own layout: tabs, keys sorted, a newline at the end."""
    if kind == 'binary':
        return plistlib.dumps(value, fmt=plistlib.FMT_BINARY, sort_keys=True)
    if kind == 'json':
        return json.dumps(plain(value), separators=(',', ':'), ensure_ascii=False).replace('/', '\\/').encode()
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" ' \
           b'"http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n'
    body = plistlib.dumps(value, fmt=plistlib.FMT_XML, sort_keys=True)
    return head + body[body.index(b'<plist version="1.0">\n') + len(b'<plist version="1.0">\n'):]


def plain(value):
    """JSON knows no dates and no data."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, (bytes, datetime.datetime, plistlib.UID)):
        raise Broken('invalid object in plist for destination format')
    return value


def split(path):
    """plutil's key paths: dots, and \\. for a dot within a key."""
    return [part.replace('\\.', '.') for part in re.split(r'(?<!\\)\.', path)]


def step(value, key):
    """One step down; KeyError when there is none."""
    if isinstance(value, dict):
        return value[key]
    if isinstance(value, list):
        if not key.isdigit() or int(key) >= len(value):
            raise KeyError(key)
        return value[int(key)]
    raise KeyError(key)


def kind_of(value):
    """The names of -type and -expect."""
    names = {bool: 'bool', int: 'integer', float: 'float', str: 'string', dict: 'dictionary', list: 'array',
             bytes: 'data', datetime.datetime: 'date'}
    return names[type(value)]


def raw(value):
    """-extract … raw"""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, dict):
        return '\n'.join(sorted(value))
    if isinstance(value, list):
        return str(len(value))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.strftime('%Y-%m-%dT%H:%M:%SZ')
    return '%.6f' % value if isinstance(value, float) else str(value)


def pretty(value, depth=0):
    """-p, for people."""
    pad = '  ' * (depth + 1)
    if isinstance(value, dict):
        rows = ['%s"%s" => %s\n' % (pad, key, pretty(value[key], depth + 1)) for key in sorted(value)]
        return '{\n%s%s}' % (''.join(rows), '  ' * depth)
    if isinstance(value, list):
        rows = ['%s%d => %s\n' % (pad, place, pretty(each, depth + 1)) for place, each in enumerate(value)]
        return '[\n%s%s]' % (''.join(rows), '  ' * depth)
    if isinstance(value, str):
        return '"%s"' % value
    return ('true' if value else 'false') if isinstance(value, bool) else str(value)


def out(data):
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
