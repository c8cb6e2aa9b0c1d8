"""The second pass over the captures: victims looked for in all other traffic, beside the detectors that can go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Any

from mailscope.detect.endpoints import parsed
from mailscope.investigation.hidden import tie_hidden
from mailscope.investigation.literal import tie_literal
from mailscope.investigation.needles import Needle, needles
from mailscope.investigation.path import Chain
from mailscope.investigation.scene import Scene
from mailscope.investigation.sightings import Search, looked_for
from mailscope.investigation.sorting import Groups, sorted_chains

Progress = Callable[[int, int | None, int], None]


class Stoppable:
    """A progress function that ends the pass it is given to once `stop` was called."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._stopped = Event()

    def stop(self) -> None:
        """The pass ends at its next report."""
        self._stopped.set()

    def __call__(self, done_bytes: int, total_bytes: int | None, packets: int) -> None:
        """What the core calls while it reads."""
        if self._stopped.is_set():
            raise KeyboardInterrupt
        if self._progress is not None:
            self._progress(done_bytes, total_bytes, packets)


@dataclass(slots=True)
class Wanted:
    """What is searched, and the chains it was taken from."""

    suspect: list[Chain]
    alone: list[Chain]
    needles: list[Needle]
    near: list[str]


def wanted_of(scene: Scene, groups: Groups, look_for: Sequence[str]) -> Wanted:
    """Addresses and names of the servers that suspect connections reached, and those in `look_for`."""
    suspect = [
        chain
        for chains in (groups.relayed, groups.proxy_alone, groups.alone, groups.policy)
        for members in chains.values()
        for chain in members
    ]
    alone = [chain for chain in suspect if chain.request is None and chain.leg is not None]
    reached = [chain.leg for chain in suspect if chain.leg is not None]
    given = [text for text in look_for if parsed(text)]
    addresses = [*dict.fromkeys(leg.server_addr for leg in reached), *given]
    names = sorted({name for address in addresses for name in scene.names.of_address(address)})
    names += [text for text in look_for if parsed(text) is None]
    ports = [int(leg.row["server_port"]) for leg in reached] or [25]
    candidates = [*(chain.leg.server_addr for chain in alone if chain.leg), *given]
    near = [text for text in dict.fromkeys(candidates) if _is_ipv4(text)]
    return Wanted(suspect, alone, needles(addresses, names, ports), near)


def _is_ipv4(text: str) -> bool:
    """Near misses are of addresses in four octets: nobody mistypes one digit of an IPv6 address and reaches a host."""
    address = parsed(text)
    return address is not None and address.version == 4


@contextmanager
def begun(search: Search | None, wanted: Wanted, reading: Stoppable) -> Iterator[Search | None]:
    """The search, already under way in another thread; what leaves the block by an error stops it."""
    if search is None or not wanted.needles:
        yield search
        return
    with ThreadPoolExecutor(1, "second-pass") as pool:
        under_way = pool.submit(search, wanted.needles, wanted.near)

        def found(_wanted: Sequence[Needle], _near: Sequence[str]) -> Iterable[Mapping[str, Any]]:
            return under_way.result()

        try:
            yield found
        except BaseException:
            reading.stop()
            raise


def tied_by_sightings(scene: Scene, groups: Groups, wanted: Wanted, search: Search | None) -> Groups:
    """Looks at what the search found; sorts the chains again when that tied more of them."""
    suspect, alone = wanted.suspect, wanted.alone
    own_legs = {c.flow_id for chain in suspect for c in chain.conversations if c.row["via"] == "direct"}
    own_legs |= {view.flow_id for chain in suspect if chain.leg for view in [chain.leg, *chain.same_leg]}
    commands = [r for chain in scene.chains for r in [chain.request, *chain.same_request] if r is not None]
    scene.sightings = looked_for(search, wanted.needles, wanted.near, scene.tables["flows"], commands, own_legs)
    hosts = {address for c in alone if c.leg for address in groups.one_proxy(c.leg.client_addr)}
    tie_literal(scene, alone)
    tie_hidden(scene, [c for c in alone if c.request is None], sorted(hosts | set(_own_proxies(scene))))
    return sorted_chains(scene) if any(chain.request is not None for chain in alone) else groups


def _own_proxies(scene: Scene) -> list[str]:
    return [address for address in scene.hosts.with_role("proxy") if not scene.network.is_outside(address)]
