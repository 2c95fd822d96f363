/** The fields of the Prometheus operator's objects that the chart writes (monitoring.coreos.com/v1). */

interface Metadata {
  name: string
  labels?: Record<string, string>
}

export interface ServiceMonitor {
  apiVersion: 'monitoring.coreos.com/v1'
  kind: 'ServiceMonitor'
  metadata: Metadata
  spec: {
    selector: { matchLabels: Record<string, string> }
    endpoints: {
      port: string
      path?: string
      interval?: string
      scrapeTimeout?: string
      scheme?: 'http' | 'https'
      tlsConfig?: { insecureSkipVerify?: boolean }
    }[]
  }
}

export interface PrometheusRule {
  apiVersion: 'monitoring.coreos.com/v1'
  kind: 'PrometheusRule'
  metadata: Metadata
  spec: {
    groups: {
      name: string
      interval?: string
      rules: {
        alert?: string
        record?: string
        expr: string | number
        for?: string
        keep_firing_for?: string
        labels?: Record<string, string>
        annotations?: Record<string, string>
      }[]
    }[]
  }
}
