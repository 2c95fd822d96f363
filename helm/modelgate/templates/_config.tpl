{{/* The deployment's configuration file. */}}
{{- define "modelgate.config" -}}
{{- $config := deepCopy .Values.config }}
{{- if .Values.clusterIdentity.enabled }}
{{- $auth := get $config "auth" | default dict }}
{{- $issuers := append (get $auth "issuers" | default list) (include "modelgate.clusterIssuer" . | fromYaml) }}
{{- $_ := set $config "auth" (set $auth "issuers" $issuers) }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/* What a running gateway does not take up: only a change of this needs new pods. */}}
{{- define "modelgate.fixedConfig" -}}
{{- $config := include "modelgate.config" . | fromYaml }}
{{- $auth := omit (get $config "auth" | default dict) "issuers" }}
{{- omit (set $config "auth" $auth) "credentials" "models" "teams" "routes" | toJson }}
{{- end }}
