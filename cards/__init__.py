"""Adaptive Cards: builds the JSON that Teams draws from plain data. No I/O, no clock, no Microsoft SDK."""
