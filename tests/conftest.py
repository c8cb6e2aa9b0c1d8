"""What holds for every test."""

from hypothesis import HealthCheck, settings

# How long an example takes depends on who shares the machine; a property does not.
settings.register_profile("mailscope", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mailscope")
