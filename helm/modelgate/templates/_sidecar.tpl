{{/*
The gateway beside an application, in the application's own pod. An application's chart that has this one as a
dependency calls these with `.Subcharts.modelgate`; examples/sidecar shows where each goes.
*/}}

{{/* The sidecar's configuration file. */}}
{{- define "modelgate.sidecar.config" -}}
{{- $sidecar := .Values.sidecar }}
{{- $config := deepCopy $sidecar.config }}
{{- $own := dict
  "listen" (dict "host" "127.0.0.1" "port" (int $sidecar.port))
  "telemetry" (dict "host" "${POD_IP}" "port" (int $sidecar.telemetryPort))
  "drain" (dict "grace_seconds" 0 "timeout_seconds" (int $sidecar.drainSeconds))
  "auth" (dict
    "issuers" (list (include "modelgate.clusterIssuer" . | fromYaml))
    "local_identity" (dict "token_file" "/var/run/secrets/modelgate/cluster/token"))
}}
{{- mergeOverwrite $config $own | toYaml }}
{{- end }}

{{/* A ConfigMap with it: one manifest. */}}
{{- define "modelgate.sidecar.configMap" -}}
{{- include "modelgate.checkMasterKey" . -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-modelgate-sidecar
  labels:
    {{- include "modelgate.labels" . | nindent 4 }}
data:
  modelgate.yaml: |
    {{- include "modelgate.sidecar.config" . | nindent 4 }}
{{- end }}

{{/*
One entry of initContainers. `restartPolicy: Always` makes it a sidecar: the application starts once the startup probe
has passed, and on the pod's end it is stopped after the application, so that no stream is cut.
*/}}
{{- define "modelgate.sidecar.container" -}}
name: modelgate
image: {{ include "modelgate.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
restartPolicy: Always
args: [serve]
env:
  - name: POD_IP
    valueFrom: { fieldRef: { fieldPath: status.podIP } }
  {{- include "modelgate.env" . | nindent 2 }}
{{- with .Values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  # Named for Prometheus; the data plane is on loopback and has no port that others could use.
  - { name: mg-telemetry, containerPort: {{ int .Values.sidecar.telemetryPort }} }
{{ include "modelgate.probes" (dict "startup" "/readyz" "port" "mg-telemetry") }}
{{- with .Values.sidecar.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "modelgate.securityContext" . | nindent 2 }}
volumeMounts:
  - { name: modelgate-config, mountPath: /etc/modelgate, readOnly: true }
  - { name: modelgate-state, mountPath: /var/lib/modelgate }
  - {{- include "modelgate.clusterMount" . | nindent 4 }}
  {{- with .Values.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Entries of volumes. */}}
{{- define "modelgate.sidecar.volumes" -}}
- name: modelgate-config
  configMap: { name: {{ .Release.Name }}-modelgate-sidecar }
- name: modelgate-state
  emptyDir: { sizeLimit: 256Mi }
- {{- include "modelgate.clusterVolume" . | nindent 2 }}
      # Who the application is: callers on loopback act with this token.
      - serviceAccountToken:
          path: token
          audience: {{ .Values.clusterIdentity.audience | quote }}
          expirationSeconds: 3600
{{- with .Values.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Entries of the application's env. Any key will do: on loopback the pod's own token counts. */}}
{{- define "modelgate.sidecar.clientEnv" -}}
- name: OPENAI_BASE_URL
  value: http://127.0.0.1:{{ int .Values.sidecar.port }}/v1
- name: OPENAI_API_KEY
  value: of-this-pod
{{- end }}
