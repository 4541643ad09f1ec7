"""What must be there before a visitor can write to a service or a user (product.md 5), each in words."""

from collections.abc import Iterable

from directory.model import Missing, Service, Tenant, User


def missing_for_service(tenant: Tenant | None, service: Service | None, *, has_agents: bool) -> list[Missing]:
    """`has_agents`: whether some agent of the service has the Instant Messaging modality."""
    if tenant is None or service is None:
        return [Missing("no_such_service", "This service does not exist.")]
    return list(_service(tenant, service, has_agents=has_agents))


def missing_for_user(tenant: Tenant | None, user: User | None) -> list[Missing]:
    if tenant is None or user is None:
        return [Missing("no_such_user", "This user does not exist.")]
    return list(_user(tenant, user))


def _service(tenant: Tenant, service: Service, *, has_agents: bool) -> Iterable[Missing]:
    yield from _tenant(tenant)
    if not service.instant_messaging:
        yield Missing("service_im_off", f"Instant Messaging is switched off for {service.name}.")
    if not service.contact_center:
        yield Missing("no_contact_center", f"{service.name} has no Contact Center licence.")
    if not service.interact:
        yield Missing("no_interact_service", f"{service.name} has no Interact Service licence.")
    if not has_agents:
        yield Missing("no_agents", f"No agent of {service.name} has the Instant Messaging modality.")


def _user(tenant: Tenant, user: User) -> Iterable[Missing]:
    yield from _tenant(tenant)
    if not user.interact_user:
        yield Missing("no_interact_user", f"{user.name} has no Interact User licence.")
    if not user.instant_messaging:
        yield Missing("no_im", f"{user.name} does not have the Instant Messaging modality.")


def _tenant(tenant: Tenant) -> Iterable[Missing]:
    if not tenant.instant_messaging:
        yield Missing("tenant_im_off", f"Instant Messaging is switched off for {tenant.name}.")
