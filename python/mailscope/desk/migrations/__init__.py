"""The forms the desk's database has had."""
