{{/* The stores for trying it out. */}}

{{- define "dino.store" -}}
{{ printf "%s-%s" (include "dino.fullname" .root) .part }}
{{- end -}}

{{- define "dino.storeSelector" -}}
app.kubernetes.io/name: dino-{{ .part }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "dino.storeLabels" -}}
{{ include "dino.labels" .root }}
app.kubernetes.io/name: dino-{{ .part }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "dino.bundledSecret" -}}
{{ include "dino.fullname" . }}-connections
{{- end -}}

{{- define "dino.keepData" -}}
{{- if .Values.bundled.keepData }}
helm.sh/resource-policy: keep
{{- end -}}
{{- end -}}

{{/* A variable that is read from the Secret of the connections. */}}
{{- define "dino.fromSecret" -}}
- name: {{ .name }}
  valueFrom: {secretKeyRef: {name: {{ include "dino.bundledSecret" .root }}, key: {{ .key }}}}
{{- end -}}

{{/* Everything of a store but its container: claim, Service, and a StatefulSet of one pod.
root: the whole context; part: name; port: of the protocol; user: number; values: of the store; container: YAML;
volumes: more of them, YAML. */}}
{{- define "dino.storeObjects" -}}
{{- $root := .root }}
{{- $name := include "dino.store" . }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "dino.storeLabels" . | nindent 4 }}
  {{- with include "dino.keepData" $root }}
  annotations:
    {{- . | trim | nindent 4 }}
  {{- end }}
spec:
  accessModes: [ReadWriteOnce]
  {{- with $root.Values.bundled.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests:
      storage: {{ .values.size }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "dino.storeLabels" . | nindent 4 }}
spec:
  type: ClusterIP
  selector:
    {{- include "dino.storeSelector" . | nindent 4 }}
  ports:
    - {name: {{ .part }}, port: {{ .port }}, targetPort: {{ .port }}, protocol: TCP}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "dino.storeLabels" . | nindent 4 }}
spec:
  # The claim belongs to one pod.
  replicas: 1
  serviceName: {{ $name }}
  selector:
    matchLabels:
      {{- include "dino.storeSelector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "dino.storeLabels" . | nindent 8 }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 30
      {{- with $root.Values.bundled.imagePullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      securityContext:
        {{- include "dino.podSecurity" .user | nindent 8 }}
      {{- with $root.Values.bundled.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.bundled.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .part }}
          image: {{ .values.image }}
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          {{- .container | nindent 10 }}
      volumes:
        - name: data
          persistentVolumeClaim: {claimName: {{ $name }}}
        - name: tmp
          emptyDir: {}
        {{- with .volumes }}
        {{- . | nindent 8 }}
        {{- end }}
{{- end -}}
