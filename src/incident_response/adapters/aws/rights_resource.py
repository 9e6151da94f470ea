"""Policies and a role that have to be there: looking at them, making them, setting them right.

Not here: what they say (rights).
"""

import json
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from incident_response.adapters.aws.errors import aws_errors, error_code
from incident_response.adapters.aws.rights import Document, differences
from incident_response.adapters.aws.session import InfraClients
from incident_response.domain.errors import NotFoundError

INLINE = "rights"
"""Name of a role's own policy."""
MAX_VERSIONS = 5
"""Of a policy, as IAM keeps them."""


@dataclass(frozen=True, slots=True)
class PolicyResource:
    """A managed policy: made to be attached to a role, which is not done here."""

    name: str
    arn: str
    document: Document
    kind: str = field(default="policy", init=False)

    async def wrong(self, clients: InfraClients) -> list[str]:
        try:
            return differences(await self._found(clients), self.document)
        except NotFoundError:
            return ["it is missing"]

    async def apply(self, clients: InfraClients) -> None:
        try:
            found = await self._found(clients)
        except NotFoundError:
            await self._make(clients)
            return
        if differences(found, self.document):
            await self._change(clients)

    async def _found(self, clients: InfraClients) -> Document:
        with aws_errors(f"looking at the policy {self.name}"):
            policy = (await clients.iam.get_policy(PolicyArn=self.arn))["Policy"]
            version = await clients.iam.get_policy_version(
                PolicyArn=self.arn, VersionId=policy["DefaultVersionId"]
            )
        document: Document = version["PolicyVersion"]["Document"]
        return document

    async def _make(self, clients: InfraClients) -> None:
        with aws_errors(f"making the policy {self.name}"):
            await clients.iam.create_policy(
                PolicyName=self.name, PolicyDocument=json.dumps(self.document)
            )

    async def _change(self, clients: InfraClients) -> None:
        """By a new version; where there is no place for it, the oldest goes."""
        with aws_errors(f"changing the policy {self.name}"):
            versions = (await clients.iam.list_policy_versions(PolicyArn=self.arn))["Versions"]
            if len(versions) >= MAX_VERSIONS:
                spare = [one for one in versions if not one["IsDefaultVersion"]]
                oldest = min(spare, key=lambda one: one["CreateDate"])
                await clients.iam.delete_policy_version(
                    PolicyArn=self.arn, VersionId=oldest["VersionId"]
                )
            await clients.iam.create_policy_version(
                PolicyArn=self.arn, PolicyDocument=json.dumps(self.document), SetAsDefault=True
            )


@dataclass(frozen=True, slots=True)
class RoleResource:
    """A role that a service of AWS takes, with a policy of its own."""

    name: str
    arn: str
    trust: Document
    document: Document
    kind: str = field(default="role", init=False)

    async def wrong(self, clients: InfraClients) -> list[str]:
        try:
            with aws_errors(f"looking at the role {self.name}"):
                role = (await clients.iam.get_role(RoleName=self.name))["Role"]
        except NotFoundError:
            return ["it is missing"]
        trusts = differences(role["AssumeRolePolicyDocument"], self.trust)
        return trusts + differences(await self._own_policy(clients), self.document)

    async def apply(self, clients: InfraClients) -> None:
        trust = json.dumps(self.trust)
        with aws_errors(f"making the role {self.name}"):
            try:
                await clients.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust)
            except ClientError as error:
                if error_code(error) != "EntityAlreadyExists":
                    raise
                await clients.iam.update_assume_role_policy(
                    RoleName=self.name, PolicyDocument=trust
                )
            await clients.iam.put_role_policy(
                RoleName=self.name, PolicyName=INLINE, PolicyDocument=json.dumps(self.document)
            )

    async def _own_policy(self, clients: InfraClients) -> Document:
        try:
            with aws_errors(f"looking at the rights of the role {self.name}"):
                found = await clients.iam.get_role_policy(RoleName=self.name, PolicyName=INLINE)
        except NotFoundError:
            return {}
        document: Document = found["PolicyDocument"]
        return document
