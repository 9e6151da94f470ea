"""Whose AWS it is, and what names are there. Not here: asking AWS (session)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """Where in AWS."""

    partition: str
    """``aws``, but in China and for governments."""
    number: str
    """Twelve digits."""
    region: str

    def arn(self, service: str, resource: str) -> str:
        """Of something in the region; what IAM knows is in none."""
        region = "" if service == "iam" else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.number}:{resource}"
