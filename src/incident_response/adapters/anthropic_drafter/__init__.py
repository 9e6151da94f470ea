"""A language model of Anthropic's as the drafter: directly, or as Amazon Bedrock serves it.

Here belong its prompts, its wire and its prices. Not here: what may leave and what may come back
(workflows.drafting). The SDK takes seconds to import, so only ``access`` does, in a thread, when
it is first needed.
"""

from incident_response.adapters.anthropic_drafter.access import Access, bedrock, direct
from incident_response.adapters.anthropic_drafter.drafter import AnthropicDrafter, Models

__all__ = ["Access", "AnthropicDrafter", "Models", "bedrock", "direct"]
