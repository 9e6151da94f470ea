"""What holds for every test, and the fixtures of all."""

from hypothesis import HealthCheck, settings

from tests.aws.ministack import ministack, ministack_url, punctual_ministack

__all__ = ["ministack", "ministack_url", "punctual_ministack"]

# A busy machine is no failure of the program: tests that are about time measure it themselves.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
