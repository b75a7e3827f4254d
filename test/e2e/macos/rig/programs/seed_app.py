"""Writes the database of an Ollama.app that was opened before; run as its user."""
import json
import os
import sys

sys.path.insert(0, '/usr/local/libexec/mac')
sys.dont_write_bytecode = True

from maclib import ollama_db  # noqa: E402

told = json.load(sys.stdin)
folder = os.path.expanduser('~/Library/Application Support/Ollama')
ollama_db.create(folder, told['schema'])
database = ollama_db.connect(folder)
for name, value in told['row'].items():
    database.execute('UPDATE settings SET "%s" = ?' % name.replace('"', ''), (value,))
database.close()
