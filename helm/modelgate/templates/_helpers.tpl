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
{{- $own := dig "state" "redis" dict .Values.config | default dict }}
{{- /* ${REDIS_URL:-} tells nothing: it may be empty. */}}
{{- $url := and $own.url (not (hasSuffix ":-}" $own.url)) }}
{{- with .Values.redis }}{{ if or .enabled .url .existingSecret $url $own.sentinels $own.cluster }}true{{ end }}{{ end }}
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

{{- define "modelgate.checkMasterKey" -}}
{{- if and (include "modelgate.hasRedis" .) (not .Values.masterKey.existingSecret) }}
{{- fail "with Redis every replica needs the same master key: set masterKey.existingSecret to the name of a Secret (kubectl create secret generic NAME --from-literal=master-key=\"$(openssl rand -base64 32)\")" }}
{{- end }}
{{- end }}

{{/* What would start, and then not do what was meant. */}}
{{- define "modelgate.check" -}}
{{- include "modelgate.checkMasterKey" . }}
{{- if and (include "modelgate.hasSeveral" .) (not (include "modelgate.hasRedis" .)) (dig "admin" "enabled" true .Values.config) }}
{{- fail "several replicas without Redis would each keep models and tokens of their own: set redis, or config.admin.enabled: false where the configuration file is all there is" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
{{- fail "autoscaling.minReplicas is more than autoscaling.maxReplicas" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (not (dig "requests" "cpu" "" (.Values.resources | default dict))) }}
{{- fail "the autoscaler measures CPU against what is requested: set resources.requests.cpu" }}
{{- end }}
{{- if lt (int (include "modelgate.gracePeriod" .)) (int (include "modelgate.drainPeriod" .)) }}
{{- fail (printf "terminationGracePeriodSeconds is %s, and the pause and the drain take %s: streams would be cut off. Leave it out, or lower config.drain.timeout_seconds" (include "modelgate.gracePeriod" .) (include "modelgate.drainPeriod" .)) }}
{{- end }}
{{- if and (include "modelgate.hasSeveral" .) .Values.persistence.enabled }}
{{- fail "embedded state on a volume belongs to one replica: set redis instead of persistence" }}
{{- end }}
{{- $others := dig "auth" "issuers" list .Values.config }}
{{- if and .Values.clusterIdentity.enabled $others (not .Values.clusterIdentity.teamPrefix) (not .Values.clusterIdentity.teams) }}
{{- fail "beside config.auth.issuers the cluster's tokens need clusterIdentity.teamPrefix or clusterIdentity.teams; or switch them off by clusterIdentity.enabled: false" }}
{{- end }}
{{- end }}

{{/* Seconds that the pause and the drain may take. */}}
{{- define "modelgate.drainPeriod" -}}
{{- $drain := dig "drain" dict .Values.config }}
{{- ceil (addf (float64 .Values.preStop.sleepSeconds) (dig "grace_seconds" 5 $drain) (dig "timeout_seconds" 30 $drain)) | int }}
{{- end }}

{{/* Seconds from the pod's deletion to the end. */}}
{{- define "modelgate.gracePeriod" -}}
{{- if not (kindIs "invalid" .Values.terminationGracePeriodSeconds) }}
{{- int .Values.terminationGracePeriodSeconds }}
{{- else }}
{{- add (include "modelgate.drainPeriod" .) 15 }}
{{- end }}
{{- end }}
