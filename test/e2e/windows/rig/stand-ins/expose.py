"""Writes to a file what the settings of the app's SQLite file say about `expose`: see app-settings.c."""

import os
import sqlite3
import sys
import time

database, answer = sys.argv[1:3]


def unix(path):
    """Z: is the root, C: the folder of the prefix."""
    drive, rest = path[0].upper(), path[2:].replace("\\", "/")
    return rest if drive == "Z" else os.environ["WINEPREFIX"] + "/drive_c" + rest


try:
    with sqlite3.connect(unix(database), timeout=5) as connection:
        row = connection.execute("select expose from settings where id = 1").fetchone()
except sqlite3.Error:
    row = None
place = unix(answer)
with open(place + ".draft", "w", encoding="utf-8") as out:
    out.write("1" if row and row[0] else "0")
os.rename(place + ".draft", place)
