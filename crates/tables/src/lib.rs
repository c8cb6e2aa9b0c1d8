//! Records become Arrow: one file a table, each column with its meaning.
