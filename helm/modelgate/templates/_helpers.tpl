{{- define "modelgate.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "modelgate.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "modelgate.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "modelgate.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "modelgate.selectorLabels" -}}
app.kubernetes.io/name: {{ include "modelgate.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "modelgate.labels" -}}
{{ include "modelgate.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "modelgate.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "modelgate.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "modelgate.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ printf "%s@%s" .repository .digest }}
{{- else }}{{ printf "%s:%s" .repository (default $.Chart.AppVersion .tag) }}
{{- end }}
{{- end }}
{{- end }}

{{/* "true" or nothing, as of every helper that answers a question. */}}
{{- define "modelgate.hasRedis" -}}
{{- with .Values.redis }}{{ if or .enabled .url .existingSecret }}true{{ end }}{{ end }}
{{- end }}

{{- define "modelgate.hasSeveral" -}}
{{- if or .Values.autoscaling.enabled (gt (int .Values.replicaCount) 1) }}true{{ end }}
{{- end }}

{{- define "modelgate.hasTls" -}}
{{- if dig "listen" "tls" "cert_file" "" .Values.config }}true{{ end }}
{{- end }}

{{/* The name of the port on which /metrics, /healthz and /readyz are. */}}
{{- define "modelgate.telemetryPortName" -}}
{{- if dig "telemetry" "port" nil .Values.config }}telemetry{{ else }}http{{ end }}
{{- end }}

{{- define "modelgate.port" -}}
{{- dig "listen" "port" 8080 .Values.config | int }}
{{- end }}

{{/* What would start, and then not do what was meant. */}}
{{- define "modelgate.check" -}}
{{- if and (include "modelgate.hasRedis" .) (not .Values.masterKey.existingSecret) }}
{{- fail "with Redis every replica needs the same master key: set masterKey.existingSecret" }}
{{- end }}
{{- if and (include "modelgate.hasSeveral" .) (not (include "modelgate.hasRedis" .)) (dig "admin" "enabled" true .Values.config) }}
{{- fail "several replicas without Redis would each keep models and tokens of their own: set redis, or config.admin.enabled: false where the configuration file is all there is" }}
{{- end }}
{{- if and (include "modelgate.hasSeveral" .) .Values.persistence.enabled }}
{{- fail "embedded state on a volume belongs to one replica: set redis instead of persistence" }}
{{- end }}
{{- $others := dig "auth" "issuers" list .Values.config }}
{{- if and .Values.clusterIdentity.enabled $others (not .Values.clusterIdentity.teamPrefix) (not .Values.clusterIdentity.teams) }}
{{- fail "beside config.auth.issuers the cluster's tokens need clusterIdentity.teamPrefix or clusterIdentity.teams; or switch them off by clusterIdentity.enabled: false" }}
{{- end }}
{{- end }}

{{/* Seconds from the pod's deletion to the end. */}}
{{- define "modelgate.gracePeriod" -}}
{{- if not (kindIs "invalid" .Values.terminationGracePeriodSeconds) }}
{{- int .Values.terminationGracePeriodSeconds }}
{{- else }}
{{- $drain := dig "drain" dict .Values.config }}
{{- $sum := addf (float64 .Values.preStop.sleepSeconds) (dig "grace_seconds" 5 $drain) (dig "timeout_seconds" 30 $drain) 15 }}
{{- ceil $sum | int }}
{{- end }}
{{- end }}
