{{/* Names and labels. */}}

{{- define "dino.fullname" -}}
{{- $chart := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $chart .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $chart | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "dino.operator" -}}
{{ include "dino.fullname" . }}-operator
{{- end -}}

{{- define "dino.serviceAccount" -}}
{{- if .Values.operator.serviceAccount.create -}}
{{- default (include "dino.operator" .) .Values.operator.serviceAccount.name -}}
{{- else -}}
{{- required "operator.serviceAccount.name: name the account, or set operator.serviceAccount.create" .Values.operator.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "dino.image" -}}
{{- $image := .Values.operator.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default .Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{/* Labels of every object. No pod here bears app.kubernetes.io/name: dinov3-platform, which is that of the
services' pods. */}}
{{- define "dino.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/part-of: dinov3-platform
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "dino.operatorSelector" -}}
app.kubernetes.io/name: dino-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "dino.operatorLabels" -}}
{{ include "dino.labels" . }}
app.kubernetes.io/name: dino-operator
app.kubernetes.io/component: operator
{{- end -}}

{{/* Pod security: what the restricted standard of Kubernetes asks, for a user of that number. */}}
{{- define "dino.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "dino.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
readOnlyRootFilesystem: {{ . }}
{{- end -}}
