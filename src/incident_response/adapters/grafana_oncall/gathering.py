"""The people found so far while several questions are under way, and what went wrong on the way.

Not here: the questions.
"""

from incident_response.adapters.grafana_oncall.api import User
from incident_response.domain.errors import IncidentResponseError, NotFoundError
from incident_response.domain.model import UserId
from incident_response.domain.people import Origin, Person, Roster


class Gathering:
    """Collects one roster; every person is in it once, at the earliest level."""

    def __init__(self) -> None:
        self._people: dict[str, tuple[int, int, Person]] = {}
        self._notes: list[str] = []
        self._errors: list[IncidentResponseError] = []

    @property
    def has_people(self) -> bool:
        """Whether anybody who can be called was found."""
        return bool(self._people)

    def add(self, user: User, *, level: int, place: int) -> None:
        """Take in the ``place``-th person of a level, in whatever order they are found; one who
        has no way to be reached becomes a note.
        """
        person = _person(user, level)
        if person is None:
            name = user.name or user.username or user.id
            self.note(f"{name}: Grafana OnCall knows neither a Slack account nor an e-mail")
            return
        known = self._people.get(user.id)
        if known is None or (level, place) < known[:2]:
            self._people[user.id] = (level, place, person)

    def note(self, text: str) -> None:
        """Something people should know, said once."""
        if text not in self._notes:
            self._notes.append(text)

    def failed(self, part: str, error: IncidentResponseError) -> None:
        """A part could not be asked for; what is not there at all is only worth a note."""
        self.note(f"{part}: {error}")
        if not isinstance(error, NotFoundError):
            self._errors.append(error)

    def roster(self) -> Roster:
        """What was found, by level; the first error if nothing was found because of errors."""
        if self._errors and not self._people:
            raise self._errors[0]
        found = sorted(self._people.values(), key=lambda entry: entry[:2])
        return Roster(
            people=tuple(person for _, _, person in found),
            unresolved=tuple(self._notes),
            is_partial=bool(self._errors),
        )


def _person(user: User, level: int) -> Person | None:
    slack_id = next((identity.user_id for identity in user.slack if identity.user_id), "")
    if not (slack_id or user.email):
        return None
    return Person(
        name=user.name or user.username or user.email,
        email=user.email,
        user_id=UserId(slack_id) if slack_id else None,
        origin=Origin.ON_CALL if level == 0 else Origin.ESCALATION,
        level=level,
    )
