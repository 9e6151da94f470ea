# as: adapters/anthropic_drafter/drafter.py

import importlib


def sdk():
    return importlib.import_module("anthropic")
