# as: domain/__init__.py
# rule: name

__all__ = ["ApprovedDraft"]
