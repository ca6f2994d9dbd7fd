"""`python -m jit` is the command `trs`."""

from __future__ import annotations

import sys

from jit.cli import main

sys.exit(main())
