{{/* The cluster as an issuer: one entry of auth.issuers. */}}
{{- define "modelgate.clusterIssuer" -}}
{{- with .Values.clusterIdentity }}
issuer: {{ .issuer | quote }}
audience: {{ .audience | quote }}
teams_claim: [kubernetes.io, namespace]
{{- if hasPrefix "https://kubernetes.default.svc" .issuer }}
jwks_uri: {{ printf "%s/openid/v1/jwks" (trimSuffix "/" .issuer) | quote }}
ca_file: /var/run/secrets/modelgate/cluster/ca.crt
bearer_file: /var/run/secrets/modelgate/cluster/api-token
{{- end }}
{{- with .teamPrefix }}
team_prefix: {{ . | quote }}
{{- end }}
{{- with .teams }}
teams: {{ toJson . }}
{{- end }}
{{- end }}
{{- end }}

{{/* The volume that the entry's files are on. */}}
{{- define "modelgate.clusterVolume" -}}
name: modelgate-cluster
projected:
  sources:
    - configMap:
        name: kube-root-ca.crt
        items: [{ key: ca.crt, path: ca.crt }]
    - serviceAccountToken: { path: api-token, expirationSeconds: 3600 }
{{- end }}

{{- define "modelgate.clusterMount" -}}
name: modelgate-cluster
mountPath: /var/run/secrets/modelgate/cluster
readOnly: true
{{- end }}
