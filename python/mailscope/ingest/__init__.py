"""The only door to the Rust core: captures in, tables out."""
