{{/* What the operator may do. Each right is used: a test compares them with what the API server saw it do. */}}

{{/* In the namespaces that it looks after. */}}
{{- define "dino.rules" -}}
# The resources themselves; patch is also what the operator passes on to each gateway, for its own resource.
- apiGroups: [dinov3.io]
  resources: [dinodeployments]
  verbs: [get, list, watch, patch]
- apiGroups: [dinov3.io]
  resources: [dinodeployments/status]
  verbs: [patch]
# What it makes of them.
- apiGroups: [""]
  resources: [serviceaccounts, configmaps, services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  # Data outlives the resource: claims are never deleted.
  resources: [persistentvolumeclaims]
  verbs: [get, list, watch, create, patch]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies, ingresses]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
# Of other projects; without them these rules give nothing.
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [monitoring.coreos.com]
  resources: [servicemonitors]
  verbs: [get, list, watch, create, patch, delete]
# What it must know: how pods fare, and the connections. Only Secrets that a resource names are read.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch]
# What it tells.
- apiGroups: [""]
  resources: [events]
  verbs: [get, create, patch]
{{- end -}}

{{/* Of the cluster: how many GPUs there are, and which pods hold them. */}}
{{- define "dino.countRules" -}}
- apiGroups: [""]
  resources: [nodes]
  verbs: [list]
{{- if .Values.operator.watchNamespaces }}
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
{{- end }}
{{- end -}}

{{/* In its own namespace: the lease by which one of several acts. */}}
{{- define "dino.leaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "dino.operator" . }}]
  verbs: [get, update]
{{- end -}}
