# as: workflows/nudge.py
# rule: publish

from functools import partial

def later(page, approved):
    return partial(page.publish, approved)
