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
        self._people: dict[str, Person] = {}
        self._notes: list[str] = []
        self._errors: list[IncidentResponseError] = []

    @property
    def has_people(self) -> bool:
        """Whether anybody who can be called was found."""
        return bool(self._people)

    def add(self, users: list[User], *, level: int) -> None:
        """Take in the people of one level; whoever has no way to be reached becomes a note."""
        for user in users:
            person = _person(user, level)
            known = self._people.get(user.id)
            if person is None:
                name = user.name or user.username or user.id
                self.note(f"{name}: Grafana OnCall knows neither a Slack account nor an e-mail")
            elif known is None or level < known.level:
                self._people.pop(user.id, None)  # so that its place is among its new level
                self._people[user.id] = person

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
        people = sorted(self._people.values(), key=lambda person: person.level)
        return Roster(
            people=tuple(people),
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
