import { Validator } from '@seriousme/openapi-schema-validator'
import { expect } from 'vitest'
import type { App } from '../../../src/index.ts'
import type { OpenApiDocument } from '../../../src/http/index.ts'

/** What an independent validator says against a document; empty where it is valid OpenAPI 3.1 and every reference leads somewhere. */
export async function faultsOf(document: object): Promise<readonly unknown[]> {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(structuredClone(document) as Record<string, unknown>)
  if (valid) return []
  return Array.isArray(errors) ? errors : [errors]
}

/** The document that an app serves, which must be valid. */
export async function documentOf(app: App, path = '/openapi.json'): Promise<OpenApiDocument> {
  const response = await app.fetch(new Request(`http://localhost${path}`))
  expect(response.status).toBe(200)
  const document = (await response.json()) as OpenApiDocument
  expect(await faultsOf(document)).toEqual([])
  return document
}
