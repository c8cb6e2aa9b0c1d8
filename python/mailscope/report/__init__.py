"""The story for people and programs: terminal text, one HTML file, JSON. Each takes an `Investigation`."""
