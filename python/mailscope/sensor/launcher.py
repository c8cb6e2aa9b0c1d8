"""Starts the capture program, and nothing else, for a sensor that has given its rights away.

Capturing needs rights that decoding must not have: what decodes reads hostile bytes. So the sensor starts this
small process first, keeps one end of a socket to it, and gives up its own rights. The command was fixed before that;
over the socket come single letters only:

    S   start the program; the answer carries the reading ends of its output and of its messages
    C   ask the program for its counts, which it writes among its messages
    K   end the program

When the socket closes, because the sensor ended however it did, the program is ended too.
"""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence

PIPE_BYTES = 1 << 20
"""Room of the pipe between program and sensor, where the kernel grants it."""
END_S = 3.0
"""A program that does not end when asked is killed after so long."""


class Launcher:
    """The sensor's end: asks for the program to be started, counted, ended."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = list(command)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this module, by our own interpreter
                [sys.executable, "-m", __name__, str(theirs.fileno()), *self.command],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the sensor, which then ends the rest in order
                env=os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
            )

    def start(self) -> tuple[int, int]:
        """File descriptors of the program's output and messages; OSError says why it could not be started."""
        self._socket.send(b"S")
        said, fds, _flags, _address = socket.recv_fds(self._socket, 500, 2)
        if len(fds) != 2:
            raise OSError(said.decode("utf-8", "replace") or "the capture program's launcher is gone")
        return fds[0], fds[1]

    def ask_counts(self) -> None:
        """Lets the program write its counts; nothing happens when it has ended."""
        self._said(b"C")

    def stop(self) -> None:
        """Ends the program."""
        self._said(b"K")

    def close(self) -> None:
        """Ends the program and the launcher."""
        self._socket.close()
        self._process.wait()

    def _said(self, letter: bytes) -> None:
        try:
            self._socket.send(letter)
        except OSError:
            return  # the launcher is gone, and its program with it: `start` will say so


def _serve(channel: socket.socket, command: list[str]) -> None:
    """Does what the letters say until the channel closes."""
    program: subprocess.Popen[bytes] | None = None
    while True:
        readable, _write, _error = select.select([channel], [], [], 1.0)
        if program is not None:
            program.poll()  # no zombie stays while nobody asks
        if not readable:
            continue
        match channel.recv(1):
            case b"S":
                _end(program)
                program = _started(channel, command)
            case b"C" if program is not None and program.poll() is None:
                program.send_signal(signal.SIGUSR1)
            case b"K":
                _end(program)
            case b"":
                _end(program)
                return


def _started(channel: socket.socket, command: list[str]) -> "subprocess.Popen[bytes] | None":
    try:
        program = subprocess.Popen(  # noqa: S603 - fixed before any packet was read
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as cause:
        channel.send(f"{command[0]}: {cause.strerror}".encode())
        return None
    assert program.stdout is not None
    assert program.stderr is not None
    _enlarge(program.stdout.fileno())
    with program.stdout, program.stderr:
        socket.send_fds(channel, [b"S"], [program.stdout.fileno(), program.stderr.fileno()])
    return program


def _enlarge(pipe: int) -> None:
    import fcntl

    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except (OSError, AttributeError):
        return  # a smaller pipe only makes the program wait sooner


def _end(program: "subprocess.Popen[bytes] | None") -> None:
    """Ends the program as it wishes to be ended, so that it says its last counts; kills it if it does not."""
    if program is None or program.poll() is not None:
        return
    program.terminate()
    try:
        program.wait(END_S)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


if __name__ == "__main__":
    for _number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(_number, lambda *_: None)  # heard, not ignored: the program would inherit that
    with socket.socket(fileno=int(sys.argv[1])) as _channel:
        _serve(_channel, sys.argv[2:])
