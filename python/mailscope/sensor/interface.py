"""The state of a network interface, as the kernel tells it to anybody."""

import fcntl
import socket
import struct

_SIOCGIFFLAGS = 0x8913
_UP, _RUNNING = 0x1, 0x40


def state(interface: str) -> str:
    """`up`, `down` or `gone`. `any`, which is no interface, is always up."""
    if interface == "any":
        return "up"
    request = struct.pack("16sH14x", interface.encode()[:15], 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking, _SIOCGIFFLAGS, request)
        except OSError:
            return "gone"
    flags = struct.unpack_from("H", answer, 16)[0]
    return "up" if flags & _UP and flags & _RUNNING else "down"
