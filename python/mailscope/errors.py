"""What can go wrong, as a person should hear it.

    MailscopeError          anything Mailscope says no to; the command line prints it and its hint
    ├── InputError          a capture cannot be opened, or is no capture at all
    ├── StoreError          a case folder, table or query is not what was asked for
    ├── DeliveryError       a mail server or device did not take what it was given
    └── UsageError          options that contradict each other

Hostile bytes raise nothing: they become outcomes in the tables.
"""


class MailscopeError(Exception):
    """What happened, where, and in `hint` what to do next."""

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(MailscopeError):
    """Options that contradict each other or name what does not exist."""

    exit_code = 2


class InputError(MailscopeError):
    """A capture that cannot be opened, or that is no capture at all."""

    exit_code = 3


class StoreError(MailscopeError):
    """A case folder, a table or a query that is not what was asked for."""

    exit_code = 4


class DeliveryError(MailscopeError):
    """A mail server, router or filter that cannot be reached or did not take what it was given."""

    exit_code = 5
