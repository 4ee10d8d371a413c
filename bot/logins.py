"""A host's settings as what the SSH adapter needs."""

from __future__ import annotations

from bot.pmta.ssh import HostLogin
from bot.settings import HostSettings, JumpSettings


def login_of(host: HostSettings) -> HostLogin:
    """With the way through its jump host, where it has one."""
    return _login(host, host.name, host.pmta, host.jump)


def _login(host: JumpSettings, name: str, pmta: str, jump: JumpSettings | None) -> HostLogin:
    return HostLogin(
        name=name,
        address=host.address,
        port=host.port,
        user=host.user,
        key_file=host.key_file,
        password_file=host.password_file,
        use_agent=host.use_agent,
        jump=_login(jump, f"{name}'s jump host", pmta, None) if jump else None,
        pmta=pmta,
    )
