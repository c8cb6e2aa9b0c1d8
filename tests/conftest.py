"""What holds for every test."""

import os

from hypothesis import HealthCheck, settings

# How long an example takes depends on who shares the machine; a property does not.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples on every machine, so that a change fails for what it changes: `--hypothesis-profile explore` looks
# for new ones.
settings.register_profile("mailscope", _PATIENT, derandomize=True)
settings.register_profile("explore", _PATIENT)
settings.load_profile("mailscope")
# Tests ask servers of their own on loopback; a proxy of the machine's network is not between them.
for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[_name]


def pytest_configure(config):
    """The quick tier asks small tables small questions: threads and compilers would take most of its time."""
    if "not long" in config.option.markexpr:
        from mailscope.store import engine
        from tests.fixtures import compiled_once

        engine._SAFE["threads"] = "1"
        compiled_once.begin()
