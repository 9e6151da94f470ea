{{- define "name" -}}
{{- if contains .Chart.Name .Release.Name -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{/* Labels that pods are found by; of the release, or with a component of one process. */}}
{{- define "selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "labels" -}}
{{ include "selector" . }}
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
environment: {{ .root.Values.environment }}
{{- end -}}

{{- define "image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{- define "secretPrefix" -}}
{{ .Values.secrets.prefix | default (printf "incident-response/%s" .Values.environment) }}
{{- end -}}

{{/* Where a variable's secret lies: a key of an alert source is a secret of its own, which the webhook also reads itself;
     everything else is a property of the processor's one. */}}
{{- define "secretReference" -}}
{{- if hasSuffix "_WEBHOOK_KEY" .variable -}}
key: {{ include "secretPrefix" .root }}/webhook/{{ .variable | trimSuffix "_WEBHOOK_KEY" | lower | replace "_" "-" }}-webhook-key
{{- else -}}
key: {{ include "secretPrefix" .root }}/processor
property: {{ .variable }}
{{- end -}}
{{- end -}}

{{- define "telemetryEndpoint" -}}
{{- with .Values.telemetry -}}
{{- if .enabled -}}
{{ .endpoint | default (printf "http://%s.%s.svc.cluster.local:%v" .collector.service .collector.namespace .collector.port) }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The environment of one process: what the chart decides, then the settings that are not left to the program. */}}
{{- define "environment" -}}
{{- $own := dict
  "ENVIRONMENT" .root.Values.environment
  "BACKEND" "aws"
  "STATE_DIR" "/var/lib/incident-response"
  "OTEL_SERVICE_NAME" (printf "incident-response-%s" .component)
  "OTEL_EXPORTER_OTLP_ENDPOINT" (include "telemetryEndpoint" .root)
-}}
{{- range $name, $value := mergeOverwrite $own (deepCopy .root.Values.settings) (deepCopy .process.settings) .fixed }}
{{- if ne $value "" }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* /livez: the event loop turns. /readyz: it can work; it asks stores for up to two seconds. */}}
{{- define "probes" -}}
startupProbe:
  httpGet: {path: /livez, port: probes}
  periodSeconds: 2
  timeoutSeconds: 3
  failureThreshold: 30
livenessProbe:
  httpGet: {path: /livez, port: probes}
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: probes}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end -}}

{{/* Pods apart: over zones if possible, over nodes as told. Counted among pods of the same version. */}}
{{- define "spread" -}}
{{- range $key, $unsatisfiable := dict "topology.kubernetes.io/zone" "ScheduleAnyway" "kubernetes.io/hostname" .process.spread }}
- topologyKey: {{ $key }}
  maxSkew: 1
  whenUnsatisfiable: {{ $unsatisfiable }}
  labelSelector:
    matchLabels:
      {{- include "selector" $ | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end -}}

{{- define "placement" -}}
{{- with .imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .process.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .process.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .process.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
