"""Mutations of cases, policies and workbooks, and what must hold whatever they are."""
