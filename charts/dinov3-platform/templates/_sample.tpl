{{/* The sample's spec: what is given, with the bundled stores where they run. */}}
{{- define "dino.sampleSpec" -}}
{{- $given := deepCopy .Values.sample.spec -}}
{{- if .Values.bundled.enabled -}}
{{- $bundled := dict "secretName" (include "dino.bundledSecret" .) -}}
{{- if .Values.bundled.qdrant.enabled -}}{{- $_ := set $bundled "vectorIndex" dict -}}{{- end -}}
{{- $given = mergeOverwrite (dict "connections" $bundled) $given -}}
{{- end -}}
{{- if not $given.connections -}}
{{- fail "sample.spec.connections: name the Secret of your stores (connections.secretName), or set bundled.enabled=true to run some for trying it out" -}}
{{- end -}}
{{- toYaml $given -}}
{{- end -}}
