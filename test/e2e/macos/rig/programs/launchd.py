"""Starts the emulated launchd (maclib/launchd_main.py)."""
import asyncio
import sys

sys.pycache_prefix = '/usr/local/libexec/mac-cache'
sys.path.insert(0, '/usr/local/libexec/mac')

from maclib import launchd_main  # noqa: E402

sys.exit(asyncio.run(launchd_main.main()))
