# as: workflows/nudge.py
# rule: import

from ..domain import approval
