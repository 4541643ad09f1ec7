"""Adaptive Cards: what is known goes in, JSON that Teams draws comes out. No I/O, no clock, no SDK of Microsoft's."""
