"""The names of everything: tables and columns, rules, fields of records, addresses."""
