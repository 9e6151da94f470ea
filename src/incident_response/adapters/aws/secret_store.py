"""``ports.secret_store`` on Secrets Manager.

The labels AWSCURRENT and AWSPREVIOUS say which versions are valid; a version's value never changes
and is fetched once. Not here: for how long keys are remembered, that one request reads for all,
and that known keys are served while AWS does not answer (``entrypoints.webhook.keys``).
"""

from botocore.exceptions import ClientError

from incident_response.adapters.aws.errors import aws_errors, error_code
from incident_response.adapters.aws.session import AwsClient
from incident_response.domain.errors import NotFoundError
from incident_response.ports.secret_store import SecretVersions

_ABSENT = {"ResourceNotFoundException", "InvalidRequestException"}
"""Never there; or marked to be deleted."""


class SecretsManagerStore:
    """``ports.secret_store.SecretStore``."""

    def __init__(self, client: AwsClient, *, prefix: str) -> None:
        """``prefix`` and a secret's name make its id, as in ``incident-response/staging/``."""
        self._client = client
        self._prefix = prefix
        self._values: dict[str, dict[str, bytes]] = {}
        """Of each secret, the values of its valid versions."""

    async def read(self, name: str) -> SecretVersions:
        with aws_errors(f"reading the secret {name}"):
            try:
                return await self._read(name)
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    raise NotFoundError(f"there is no secret {name!r}") from error
                raise

    async def _read(self, name: str) -> SecretVersions:
        # One look at the labels: read one by one, a rotation in between could hide a valid key.
        answer = await self._client.describe_secret(SecretId=self._prefix + name)
        if answer.get("DeletedDate"):
            raise NotFoundError(f"the secret {name!r} is marked to be deleted")
        labelled = {
            label: version
            for version, labels in answer.get("VersionIdsToStages", {}).items()
            for label in labels
        }
        current, previous = labelled.get("AWSCURRENT"), labelled.get("AWSPREVIOUS")
        if current is None:
            raise NotFoundError(f"the secret {name!r} has no value")
        known = self._values.get(name, {})
        values = {
            version: known[version] if version in known else await self._value(name, version)
            for version in (current, previous)
            if version is not None
        }
        self._values[name] = values
        if not values[current]:  # with an empty key anybody could sign
            raise NotFoundError(f"the secret {name!r} has no value")
        before = values[previous] if previous is not None else b""
        return SecretVersions(version=current, current=values[current], previous=before or None)

    async def _value(self, name: str, version: str) -> bytes:
        answer = await self._client.get_secret_value(
            SecretId=self._prefix + name, VersionId=version
        )
        value: bytes | str = answer.get("SecretBinary") or answer.get("SecretString") or b""
        return value.encode() if isinstance(value, str) else value
