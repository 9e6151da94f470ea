"""The custom resources that we write, as their vendors document them: what we use of each, and
nothing else is let through. kubernetes-validate knows only what comes with Kubernetes.
"""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
LABELS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
LENGTH: Schema = {"type": "string", "pattern": "^[0-9]+(s|m|h|d)$"}
METADATA: Schema = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {"name": TEXT, "namespace": TEXT, "labels": LABELS, "annotations": LABELS},
}


def strict(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    return {
        "type": "object",
        "required": sorted(required),
        "additionalProperties": False,
        "properties": {**required, **(optional or {})},
    }


def resource(api: str, kind: str, spec: Schema) -> Schema:
    return strict(
        {
            "apiVersion": {"const": api},
            "kind": {"const": kind},
            "metadata": METADATA,
            "spec": spec,
        }
    )


REFERENCE = strict({"name": TEXT})

SCHEMAS: dict[str, Schema] = {
    "ExternalSecret": resource(
        "external-secrets.io/v1",
        "ExternalSecret",
        strict(
            {
                "refreshInterval": LENGTH,
                "secretStoreRef": strict(
                    {"kind": {"enum": ["SecretStore", "ClusterSecretStore"]}, "name": TEXT}
                ),
                "target": strict(
                    {
                        "name": TEXT,
                        "creationPolicy": {"enum": ["Owner", "Orphan", "Merge", "None"]},
                        "deletionPolicy": {"enum": ["Delete", "Merge", "Retain"]},
                    }
                ),
                "data": {
                    "type": "array",
                    "minItems": 1,
                    "items": strict(
                        {
                            "secretKey": TEXT,
                            "remoteRef": strict({"key": TEXT}, {"property": TEXT}),
                        }
                    ),
                },
            }
        ),
    ),
    "PrometheusRule": resource(
        "monitoring.coreos.com/v1",
        "PrometheusRule",
        strict(
            {
                "groups": {
                    "type": "array",
                    "items": strict(
                        {
                            "name": TEXT,
                            "interval": LENGTH,
                            "rules": {
                                "type": "array",
                                "items": strict(
                                    {
                                        "alert": TEXT,
                                        "expr": TEXT,
                                        "labels": LABELS,
                                        "annotations": LABELS,
                                    },
                                    {"for": LENGTH},
                                ),
                            },
                        }
                    ),
                }
            }
        ),
    ),
    "BudgetPolicy": resource(
        "governance.nanohype.dev/v1alpha1",
        "BudgetPolicy",
        strict(
            {
                "platformRef": REFERENCE,
                "monthlyUsd": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,2})?$"},
                "alertThresholdsPercent": {"type": "array", "items": {"type": "integer"}},
                "killSwitchEnabled": {"type": "boolean"},
            }
        ),
    ),
    "Platform": resource(
        "platform.nanohype.dev/v1alpha1",
        "Platform",
        strict(
            {
                "displayName": TEXT,
                "persona": {"enum": ["sales-ops", "support", "finance", "ops", "eng", "generic"]},
                "tenant": TEXT,
                "budget": REFERENCE,
                "identity": strict(
                    {
                        "allowedModelFamilies": {"type": "array", "items": TEXT},
                        "extraPolicyArns": {"type": "array", "items": TEXT},
                    }
                ),
                "compliance": strict({"soc2": {"type": "boolean"}}),
                "isolation": {"enum": ["namespace", "vcluster"]},
            }
        ),
    ),
    "ApplicationSet": resource(
        "argoproj.io/v1alpha1",
        "ApplicationSet",
        strict(
            {
                "goTemplate": {"const": True},
                "goTemplateOptions": {"type": "array", "items": TEXT},
                "generators": {
                    "type": "array",
                    "items": strict(
                        {"list": strict({"elements": {"type": "array", "items": LABELS}})}
                    ),
                },
                "template": strict(
                    {
                        "metadata": METADATA,
                        "spec": strict(
                            {
                                "project": TEXT,
                                "source": strict(
                                    {
                                        "repoURL": TEXT,
                                        "targetRevision": TEXT,
                                        "path": TEXT,
                                        "helm": strict(
                                            {
                                                "releaseName": TEXT,
                                                "valueFiles": {"type": "array", "items": TEXT},
                                            }
                                        ),
                                    }
                                ),
                                "destination": strict({"name": TEXT, "namespace": TEXT}),
                                "syncPolicy": {"type": "object"},
                                "ignoreDifferences": {
                                    "type": "array",
                                    "items": strict(
                                        {
                                            "group": TEXT,
                                            "kind": TEXT,
                                            "jqPathExpressions": {"type": "array", "items": TEXT},
                                        }
                                    ),
                                },
                            }
                        ),
                    }
                ),
            }
        ),
    ),
}
