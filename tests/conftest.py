"""What holds for every test."""

from hypothesis import HealthCheck, settings

# How long an example takes depends on who shares the machine; a property does not.
settings.register_profile("mailscope", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mailscope")


def pytest_configure(config):
    """The quick tier asks small tables small questions: threads and compilers would take most of its time."""
    if "not long" in config.option.markexpr:
        from mailscope.store import engine
        from tests.fixtures import compiled_once

        engine._SAFE["threads"] = "1"
        compiled_once.begin()
