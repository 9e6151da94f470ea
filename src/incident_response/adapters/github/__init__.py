"""GitHub as the code host.

Not here: webhooks of its own.
"""

from incident_response.adapters.github.code_host import GitHubCodeHost

__all__ = ["GitHubCodeHost"]
