"""Every GraphQL operation that is sent to Linear, held against its schema by a contract test.

Not here: when one is sent (tracker), what an answer looks like (shapes).
"""

from typing import Final

PING: Final = """
query Ping($team: String!) {
  viewer { name }
  team(id: $team) { key name }
}
"""
LABELS: Final = """
query Labels($filter: IssueLabelFilter!) {
  issueLabels(filter: $filter, first: 250) { nodes { id name color } }
}
"""
CREATE_LABEL: Final = """
mutation CreateLabel($input: IssueLabelCreateInput!) {
  issueLabelCreate(input: $input) { success issueLabel { id name color } }
}
"""
PERSON: Final = """
query Person($email: String!) {
  users(filter: { email: { eqIgnoreCase: $email }, active: { eq: true } }, first: 1) {
    nodes { id name displayName email }
  }
}
"""
_ISSUE: Final = """
    id
    identifier
    url
    state { id name type color }
    assignee { id name displayName email }
"""
CREATE_ISSUE: Final = f"""
mutation CreateIssue($input: IssueCreateInput!) {{
  issueCreate(input: $input) {{ success issue {{ {_ISSUE} }} }}
}}
"""
ISSUE: Final = f"""
query Issue($id: String!) {{
  issue(id: $id) {{ {_ISSUE} }}
}}
"""
ATTACH: Final = """
mutation Attach($input: AttachmentCreateInput!) {
  attachmentCreate(input: $input) { success attachment { id } }
}
"""

ALL: Final = (PING, LABELS, CREATE_LABEL, PERSON, CREATE_ISSUE, ISSUE, ATTACH)
