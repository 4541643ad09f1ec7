"""Who is speaking: tokens and their keys, sign-in with Entra, roles, visitor sessions. Owns `/auth`."""
