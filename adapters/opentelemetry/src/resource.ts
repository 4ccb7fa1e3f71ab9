import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
  type Resource,
} from '@opentelemetry/resources'

export type { Resource }

/** What describes this process: itself, then the environment, then what the application says wins. */
export function describeProcess(name: string, given: Readonly<Record<string, string | number | boolean>>): Resource {
  const own = resourceFromAttributes({
    'service.name': name,
    'service.instance.id': randomUUID(),
    'host.name': hostname(),
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
  })
  const environment = detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })
  return defaultResource()
    .merge(own)
    .merge(environment)
    .merge(resourceFromAttributes({ ...given }))
}
