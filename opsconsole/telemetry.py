"""The console's own crashes, sent to Sentry: only with a DSN in `[telemetry]`, and nothing of the operator's.

Textual swallows errors before an integration sees them, so they are handed over by hand; no default integration is
loaded, no variable of any frame is sent, and every text is redacted first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from opsconsole import __version__
from opsconsole.config.model import Config
from opsconsole.config.secrets import SecretError
from opsconsole.crash import known_secrets, redact

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

SEND_WITHIN: Final = 0.8
"""Seconds that sending may take while the console ends."""


def report(error: BaseException, config: Config) -> bool:
    """Send one error, if the configuration asks for it. Never raises; returns whether it was handed to the SDK."""
    if config.telemetry.dsn is None:
        return False
    try:
        dsn = config.telemetry.dsn.resolve().reveal()
    except SecretError:
        return False
    try:
        import sentry_sdk  # 200 ms, and only in a crash
    except ImportError:
        return False
    secrets = known_secrets(config)

    def scrubbed(event: Event, hint: Hint) -> Event:
        return cast("Event", scrub(event, secrets))

    try:
        client = sentry_sdk.Client(
            dsn=dsn,
            release=f"opsconsole@{__version__}",
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            include_source_context=False,
            send_default_pii=False,
            server_name="",
            max_breadcrumbs=0,
            before_send=scrubbed,
            shutdown_timeout=SEND_WITHIN,
        )
        scope = sentry_sdk.Scope(client=client)
        scope.capture_exception(error)
        client.close(timeout=SEND_WITHIN)
    except Exception:  # noqa: BLE001 - reporting a crash must not become another
        return False
    return True


def scrub(event: Any, secrets: list[str]) -> Any:
    """The same event with every text in it redacted; lists and tables are walked through."""
    if isinstance(event, str):
        return redact(event, secrets)
    if isinstance(event, dict):
        return {key: scrub(value, secrets) for key, value in event.items() if key != "vars"}
    if isinstance(event, list | tuple):
        return [scrub(value, secrets) for value in event]
    return event
