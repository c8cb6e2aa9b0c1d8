"""The account of every mail session, for people and programs: text, HTML, JSON, CSV."""
