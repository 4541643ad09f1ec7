"""Entra: tokens, published keys, sign-in, and an admin's consent."""
