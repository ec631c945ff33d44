"""Run `python -m skipgram_lib`: the program skipgram, by another name.

This file is written by hand, like `__init__.py`. What it runs is chapter 17.
"""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
