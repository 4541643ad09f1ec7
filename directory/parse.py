"""Parses a company's file and checks it by itself. load.py checks it against the stored data."""

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from directory.company_file import KNOWN, Company, CompanyFile
from directory.errors import LoadError, LoadErrors, in_words
from directory.service_checks import check_services
from directory.toml_lines import find_lines
from store.ids import is_guid
from store.text import NotUtf8, decoded


def read(path: Path) -> Company:
    """Read a company's file from the disk. Raises LoadErrors with everything that is wrong in it, and OSError."""
    try:
        return parse(decoded(path.read_bytes()), path)
    except NotUtf8 as problem:
        raise LoadErrors([LoadError(problem.line, "file", str(problem))]) from problem


def parse(text: str, path: Path) -> Company:
    """Read a company's file. Raises LoadErrors with everything that is wrong in it."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error), re.DOTALL)
        line = int(found[2]) if found and found[2] else text.count("\n") + 1
        said = found[1] if found else str(error)
        raise LoadErrors([LoadError(line, "file", f"is not TOML: {said[:1].lower()}{said[1:]}")]) from error
    lines = find_lines(text)
    try:
        # By way of JSON, so that types are strict and lists are lists; dates, which nothing here is, become text.
        file = CompanyFile.model_validate_json(json.dumps(raw, default=str), strict=True)
    except ValidationError as error:
        raise LoadErrors(in_words(error, lines, KNOWN)) from error
    company = Company(path, file, lines)
    errors = [*_twice(company), *_users(company), *check_services(company)]
    if errors:
        raise LoadErrors(errors)
    return company


def _twice(company: Company) -> Iterable[LoadError]:
    lists = {
        ("services", "id"): [service.id for service in company.file.services],
        ("services", "name"): [service.name for service in company.file.services],
        ("users", "user"): [user.user.lower() for user in company.file.users],
    }
    for (table, field), values in lists.items():
        for index, value in enumerate(values):
            if value in values[:index]:
                yield company.error((table, index, field), f"is {value}, as of {table}[{values.index(value)}]")


def _users(company: Company) -> Iterable[LoadError]:
    for index, user in enumerate(company.file.users):
        if not is_guid(user.user) and user.upn is not None:
            yield company.error(("users", index, "upn"), "is only needed where `user` is an object id")
        given = {"owner": ("owns", user.owns), "supervisor": ("supervises", user.supervises)}
        for role, (field, services) in given.items():
            if role in user.roles and not services:
                yield company.error(("users", index, "roles"), f"says {role}, but `{field}` names no service")
            elif services and "roles" in user.model_fields_set and role not in user.roles:
                yield company.error(("users", index, field), f"names services, but `roles` does not say {role}")
        if user.widget is not None and "interact_user" in user.model_fields_set and not user.interact_user:
            yield company.error(("users", index, "widget"), "needs `interact_user = true`")
