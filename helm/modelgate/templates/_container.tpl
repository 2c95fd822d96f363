{{/* What is the same for the deployment's container and the sidecar. */}}
{{- define "modelgate.securityContext" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
readOnlyRootFilesystem: true
allowPrivilegeEscalation: false
capabilities: { drop: [ALL] }
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/*
Call with a dict: `port`, the name of the port that has the pages; `tls`, "true" where they have a certificate; `startup`,
what has started. A replica that waits for Redis is alive and not ready: to start it anew would only make it wait longer.
*/}}
{{- define "modelgate.probes" -}}
{{- $scheme := ternary "HTTPS" "HTTP" (eq (default "" .tls) "true") -}}
startupProbe:
  httpGet: { path: {{ .startup }}, port: {{ .port }}, scheme: {{ $scheme }} }
  periodSeconds: 1
  timeoutSeconds: 2
  failureThreshold: 60
readinessProbe:
  httpGet: { path: /readyz, port: {{ .port }}, scheme: {{ $scheme }} }
  periodSeconds: 3
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet: { path: /healthz, port: {{ .port }}, scheme: {{ $scheme }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}

{{/* Variables that come from Secrets, and those of the user. */}}
{{- define "modelgate.env" -}}
- name: MODELGATE_CONFIG
  value: /etc/modelgate/modelgate.yaml
{{- with .Values.nodeOptions }}
- name: NODE_OPTIONS
  value: {{ . | quote }}
{{- end }}
{{- with .Values.masterKey }}
{{- if .existingSecret }}
- name: MODELGATE_MASTER_KEY
  valueFrom: { secretKeyRef: { name: {{ .existingSecret | quote }}, key: {{ .key | quote }} } }
{{- end }}
{{- end }}
{{- with .Values.adminToken }}
{{- if .existingSecret }}
- name: MODELGATE_ADMIN_TOKEN
  valueFrom: { secretKeyRef: { name: {{ .existingSecret | quote }}, key: {{ .key | quote }} } }
{{- end }}
{{- end }}
{{- with .Values.redis }}
{{- if .existingSecret }}
- name: REDIS_URL
  valueFrom: { secretKeyRef: { name: {{ .existingSecret | quote }}, key: {{ .key | quote }} } }
{{- else if .url }}
- name: REDIS_URL
  value: {{ .url | quote }}
{{- end }}
{{- end }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end }}
