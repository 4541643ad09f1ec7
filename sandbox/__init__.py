"""Simulates Microsoft on one machine: Entra, the Bot Connector, Graph, and a Teams page for each person of a company.

It replaces Microsoft in the demo and in tests. It speaks Microsoft's wire formats over real HTTP and TLS, refuses
what Microsoft refuses (`tables.py`), keeps Microsoft's rate limits (`limits.py`), and fails on request (`faults.py`).
It knows nothing of the product, and the product knows nothing of it: only settings point here.
"""
