"""Where an SQS queue and its dead-letter queue are, as SQS itself says.

Not here: what is sent there.
"""

import json

from incident_response.adapters.aws.errors import aws_errors
from incident_response.adapters.aws.session import AwsClient
from incident_response.domain.errors import InvalidConfigurationError


class QueueAddress:
    """A queue by its URL. What was asked once is remembered: it does not change."""

    def __init__(self, url: str, sqs: AwsClient) -> None:
        self.url = url
        self._sqs = sqs
        self._attributes: dict[str, str] = {}
        self._dead_url = ""

    async def arn(self) -> str:
        """Its ARN. Raises ``NotFoundError`` if there is no such queue."""
        return (await self._known())["QueueArn"]

    async def dead_letters_url(self) -> str:
        """URL of its dead-letter queue.

        Raises ``InvalidConfigurationError`` if it has none: its dead messages would vanish.
        """
        if not self._dead_url:
            policy = (await self._known()).get("RedrivePolicy", "")
            if not policy:
                raise InvalidConfigurationError(f"the queue {self.url} has no dead-letter queue")
            account, name = json.loads(policy)["deadLetterTargetArn"].split(":")[-2:]
            with aws_errors(f"looking for the queue {name}"):
                answer = await self._sqs.get_queue_url(
                    QueueName=name, QueueOwnerAWSAccountId=account
                )
            self._dead_url = answer["QueueUrl"]
        return self._dead_url

    async def _known(self) -> dict[str, str]:
        if not self._attributes:
            self._attributes = await attributes_at(self.url, self._sqs)
        return self._attributes


async def attributes_at(url: str, sqs: AwsClient) -> dict[str, str]:
    """Every attribute of the queue at ``url``. Raises ``NotFoundError``."""
    with aws_errors(f"looking at the queue {url}"):
        answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    found: dict[str, str] = answer["Attributes"]
    return found
