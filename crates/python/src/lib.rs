//! The Python face of the core: arguments, GIL release, errors; no logic.
