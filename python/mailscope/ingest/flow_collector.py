"""The core's collector of export datagrams, for `mailscope.sensor`."""

from mailscope._core import Collector

__all__ = ["Collector"]
