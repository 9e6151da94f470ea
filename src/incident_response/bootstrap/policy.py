"""Which policy this installation has: the file it names, or the shipped one.

Not here: what a policy is made of (domain.policy, adapters.policy_yaml).
"""

from pathlib import Path

from incident_response.adapters.policy_yaml import read_policy, shipped_policy
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.domain.policy import Policy
from incident_response.settings import Settings


def load_policy(settings: Settings) -> Policy:
    """The policy of ``POLICY_FILE``, the shipped one if unset.

    Raises ``InvalidConfigurationError`` with a line for each fault.
    """
    if settings.policy_file is None:
        return shipped_policy()
    try:
        return policy_in(settings.policy_file)
    except InvalidConfigurationError as error:
        raise InvalidConfigurationError(f"POLICY_FILE: {error}") from error


def policy_in(path: Path) -> Policy:
    """The policy in a file. Raises ``InvalidConfigurationError`` as above."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidConfigurationError(f"{path}: this is not UTF-8 text") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such name can be"
        raise InvalidConfigurationError(f"{path}: the policy cannot be read: {why}") from error
    return read_policy(text, name=str(path))
