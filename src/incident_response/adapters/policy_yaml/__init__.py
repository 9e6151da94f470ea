"""The policy as a YAML file, and the one that is shipped (``policy.yaml`` in this folder).

``nodes`` reads values with their places, ``reader`` knows what a policy is made of. Not here: what
a policy means (domain.policy).
"""

from incident_response.adapters.policy_yaml.reader import read_policy, shipped_policy

__all__ = ["read_policy", "shipped_policy"]
