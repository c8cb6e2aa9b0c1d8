"""Roles of hosts as the owner gave them."""

import pytest

from mailscope.errors import StoreError, UsageError
from mailscope.store.roles import add_role, remove_role, roles, roles_file


def test_a_role_is_kept_and_forgotten(tmp_path):
    file = tmp_path / "new" / "roles.json"
    assert roles(file) == {}
    add_role(file, "2001:DB8::1", "relay")
    add_role(file, "192.0.2.1", "monitor")
    add_role(file, "192.0.2.1", "mail-server")
    assert roles(file) == {"2001:db8::1": "relay", "192.0.2.1": "mail-server"}
    assert remove_role(file, "2001:db8::1")
    assert not remove_role(file, "2001:db8::1")
    assert roles(file) == {"192.0.2.1": "mail-server"}


@pytest.mark.parametrize(("address", "role"), [("192.0.2.1", "spammer"), ("mail.example", "relay")])
def test_only_addresses_and_known_roles_are_taken(tmp_path, address, role):
    with pytest.raises(UsageError):
        add_role(tmp_path / "roles.json", address, role)


@pytest.mark.parametrize("text", ["", "[]", '{"192.0.2.1": 5}', "[" * 100_000])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path, text):
    file = tmp_path / "roles.json"
    file.write_text(text)
    with pytest.raises(StoreError):
        roles(file)


def test_the_file_can_be_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MAILSCOPE_ROLES", str(tmp_path / "a.json"))
    assert roles_file() == tmp_path / "a.json"
    assert roles_file(tmp_path / "b.json") == tmp_path / "b.json"
    monkeypatch.delenv("MAILSCOPE_ROLES")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert roles_file() == tmp_path / "mailscope" / "roles.json"
