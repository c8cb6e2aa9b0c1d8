"""What is changed in Ibis, as long as it does not do so itself: both lean on its inside, so its version is locked."""

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis

_COMPILERS = "ibis.backends.sql.compilers"


def name_compilers() -> None:
    """Makes Ibis's package of compilers load each when it is first named: those of twenty engines take 0.15 s."""
    if _COMPILERS in sys.modules or (spec := find_spec(_COMPILERS)) is None:
        return
    package = module_from_spec(spec)

    def named(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if find_spec(f"{_COMPILERS}.{name}"):
            return import_module(f"{_COMPILERS}.{name}")
        if spec.loader and "__all__" not in vars(package):
            spec.loader.exec_module(package)  # a class of one of them: all are loaded, as without this
        if name not in vars(package):
            raise AttributeError(name)
        return vars(package)[name]

    package.__getattr__ = named  # type: ignore[method-assign]
    sys.modules[_COMPILERS] = package


def count_seconds_without_a_calendar(backend: "ibis.BaseBackend") -> None:
    """Makes `epoch_seconds` of DuckDB read the number a time is kept as.

    Ibis first makes a time without a zone of it, for which the engine asks a calendar: a thousand instructions a row.
    """
    compiler: Any = type(backend.compiler)
    compiler.visit_ExtractEpochSeconds = lambda compiler, _op, *, arg: compiler.f.epoch(arg)
