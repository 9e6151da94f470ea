"""Query templates, and the one safe way to put an alert's service name into them.

Not here: any product's templates.
"""

import re

from incident_response.domain.errors import RefusedError

PLACEHOLDER = "$service"
"""Stands in a template where the service's name goes, quotes included: ``{service=$service}``."""
_LABEL_VALUE = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")


def quoted(label_value: str) -> str:
    """``label_value`` as a string literal of PromQL, LogQL and TraceQL.

    The name comes out of an alert, which anybody may have filled in: what needs escaping is
    refused (``RefusedError``), never escaped.
    """
    if not label_value:
        raise RefusedError("The alert names no service to look for", reason="no_service")
    if not _LABEL_VALUE.fullmatch(label_value):
        raise RefusedError(
            "The alert's service name cannot go into a query: it may hold only letters, digits"
            " and _ . : / - (at most 128)",
            reason="unsafe_label",
        )
    return f'"{label_value}"'


def filled(template: str, service: str) -> str:
    """``template`` asking about ``service``."""
    return template.replace(PLACEHOLDER, quoted(service))
