"""Which form of the chart this workspace takes: Slack's own block, else an uploaded PNG, else one line of text."""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import IntEnum

import slackblocks as sb
from slack_sdk import WebClient

from bot.core.diagnosis import Diagnosis
from bot.core.incident import Incident
from bot.core.tier import TierRule
from bot.errors import ChatError
from bot.slack.chat import call
from bot.slack.messages import chart, picture, states

log = logging.getLogger(__name__)

UPLOADS_REMEMBERED = 50
TRIES = 2

RuleOf = Callable[[str], TierRule]
"""ISP key -> where its tiers begin."""


def default_rule(_isp: str) -> TierRule:
    return TierRule()


class ChartForm(IntEnum):
    NATIVE = 0
    PICTURE = 1
    TEXT = 2


class Charts:
    """Remembers for the life of the process what the workspace refused. Used by one thread at a time."""

    def __init__(self, client: WebClient, rule_of: RuleOf = default_rule) -> None:
        self._client = client
        self._rule_of = rule_of
        self._uploads: dict[tuple[int, int], str] = {}
        self._refused = dict.fromkeys(ChartForm, 0)
        self.form = ChartForm.NATIVE

    def blocks(self, incident: Incident, form: ChartForm) -> list[sb.Block]:
        """The chart in this form; a picture that cannot be uploaded becomes text."""
        diagnosis, rule = incident.diagnosis, self._rule_of(incident.isp)
        if form is ChartForm.NATIVE:
            return chart.native(diagnosis, rule)
        file_id = self._upload(incident, diagnosis, rule) if form is ChartForm.PICTURE else ""
        return chart.picture(diagnosis, rule, file_id) if file_id else chart.sparkline(diagnosis, rule)

    def refused(self, form: ChartForm) -> None:
        """A message with the chart in `form` was refused and went through in a lesser one.

        A picture may be refused because Slack has not looked at the upload yet, so it gets a second chance.
        """
        self._refused[form] += 1
        if form is ChartForm.NATIVE or self._refused[form] >= TRIES:
            self._settle(ChartForm(min(form + 1, ChartForm.TEXT)))

    def _settle(self, form: ChartForm) -> None:
        if form > self.form:
            self.form = form
            log.info("charts are sent in another form", extra={"action": "chart_form", "form": form.name.lower()})

    def _upload(self, incident: Incident, diagnosis: Diagnosis, rule: TierRule) -> str:
        """The file id of this revision's picture, "" where there is none to be had."""
        key = (incident.id, incident.revision)
        line = chart.curve(diagnosis, rule)
        if key in self._uploads or line is None:
            return self._uploads.get(key, "")
        image = picture.png(line, chart.title(diagnosis), states.incident_look(incident)[1])
        try:
            response = call(
                self._client.files_upload_v2,
                file=image,
                filename=f"inc-{incident.id}-{incident.revision}.png",
                title=chart.title(diagnosis),
                alt_txt=chart.in_words(diagnosis, rule),
            )
        except ChatError as error:
            self._upload_failed(error)
            return ""
        files = response.get("files") or [{}]
        self._remember(key, str(files[0].get("id", "")))
        return self._uploads[key]

    def _upload_failed(self, error: ChatError) -> None:
        log.warning("chart not uploaded", extra={"action": "chart_upload_failed", "error": str(error)})
        if error.permanent:
            self._settle(ChartForm.TEXT)

    def _remember(self, key: tuple[int, int], file_id: str) -> None:
        while len(self._uploads) >= UPLOADS_REMEMBERED:
            del self._uploads[next(iter(self._uploads))]
        self._uploads[key] = file_id
