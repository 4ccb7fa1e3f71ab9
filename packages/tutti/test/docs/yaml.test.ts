import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import * as z from 'zod'
import { App } from '../../src/index.ts'
import { testApp } from '../../src/testing/index.ts'
import { readPages, yamlOf } from './pages.ts'

const blocks = readPages().flatMap((page) => yamlOf(page).map((yaml) => ({ path: page.path, yaml })))
const documents = blocks.flatMap(({ path, yaml }) => parseAllDocuments(yaml).map((document) => ({ path, document })))

/** The Kubernetes objects of one kind in the guide. */
function objects<S extends z.ZodType>(kind: string, shape: S): z.infer<S>[] {
  const found = documents.map(({ document }): unknown => document.toJS()).filter((one) => isOfKind(one, kind))
  expect(found, kind).not.toHaveLength(0)
  return found.map((one) => shape.parse(one))
}

const isOfKind = (value: unknown, kind: string): boolean =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind

const labels = z.record(z.string(), z.string())
const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.number() }) })
const deployment = z.object({
  spec: z.object({
    selector: z.object({ matchLabels: labels }),
    template: z.object({
      metadata: z.object({ labels }),
      spec: z.object({
        terminationGracePeriodSeconds: z.number(),
        containers: z.array(
          z.object({
            ports: z.array(z.object({ containerPort: z.number() })),
            startupProbe: probe,
            readinessProbe: probe,
            livenessProbe: probe,
          }),
        ),
      }),
    }),
  }),
})

describe('the YAML of the documentation', () => {
  it('is YAML', () => {
    expect(documents.length).toBeGreaterThan(3)
    const wrong = documents.flatMap(({ path, document }) =>
      [...document.errors, ...document.warnings].map(({ message }) => `${path}: ${message}`),
    )
    expect(wrong).toEqual([])
  })

  it('asks probes that an application has, on the port that it listens on', async () => {
    await using t = await testApp(new App({ name: 't', log: { level: 'silent' } }))
    for (const { spec } of objects('Deployment', deployment)) {
      const { containers, terminationGracePeriodSeconds } = spec.template.spec
      // Longer than the default drain time, and a delay before it.
      expect(terminationGracePeriodSeconds).toBeGreaterThan(45)
      expect(spec.template.metadata.labels).toEqual(spec.selector.matchLabels)
      for (const { ports, startupProbe, readinessProbe, livenessProbe } of containers) {
        const probes = [startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet)
        expect(new Set(probes.map(({ path }) => path)).size).toBe(3)
        for (const { path, port } of probes) {
          await t.get(path).expect(200).expectHeader('content-type', 'application/health+json')
          expect(port).toBe(ports[0]?.containerPort)
        }
      }
    }
  })

  it('sends requests to the pods of the deployment', () => {
    const [deployed] = objects('Deployment', deployment)
    const [service] = objects(
      'Service',
      z.object({ spec: z.object({ selector: labels, ports: z.array(z.object({ targetPort: z.number() })) }) }),
    )
    expect(service?.spec.selector).toEqual(deployed?.spec.template.metadata.labels)
    expect(service?.spec.ports[0]?.targetPort).toBe(deployed?.spec.template.spec.containers[0]?.ports[0]?.containerPort)
  })
})
