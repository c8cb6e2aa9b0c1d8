"""What the tables are: their columns, types and meanings, and one record class each."""
