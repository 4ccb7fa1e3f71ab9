import { describe, expect, expectTypeOf, it } from 'vitest'
import { App, httpError, Problem, reply } from '../../src/index.ts'
import type { ProblemDocument } from '../../src/http/index.ts'
import { compileValidator, toJsonSchema, type InferOutput } from '../../src/schema/index.ts'

const validate = compileValidator(Problem)
const good = { title: 'Not Found', status: 404, code: 'NOT_FOUND' }

describe('Problem', () => {
  it('takes problem documents with whatever further members', async () => {
    const further = { ...good, detail: 'x', requestId: 'r', errors: [{ path: 'a', message: 'm', code: 'c' }], limit: 3 }
    expect(await validate(good)).toMatchObject({ ok: true, value: good })
    expect(await validate(further)).toMatchObject({ ok: true, value: further })
    expectTypeOf<InferOutput<typeof Problem>>().toEqualTypeOf<ProblemDocument>()
  })

  it.each([
    [undefined, ['']],
    [[good], ['']],
    [{ ...good, code: 1 }, ['code']],
    [{ ...good, status: 99 }, ['status']],
    [{ ...good, detail: null }, ['detail']],
    [{ ...good, errors: {} }, ['errors']],
    [{ ...good, errors: [1, { path: 'a', message: 'm' }] }, ['errors.0', 'errors.1.code']],
    [{}, ['title', 'code', 'status']],
  ])('refuses %j', async (value, paths) => {
    const result = await validate(value)
    expect(result.ok).toBe(false)
    if (!result.ok) expect(result.problems.map((problem) => problem.path)).toEqual(paths)
  })

  it('describes itself the same on both sides', () => {
    expect(toJsonSchema(Problem, 'input')).toEqual(toJsonSchema(Problem, 'output'))
    expect(toJsonSchema(Problem, 'output')).toMatchObject({ title: 'Problem', type: 'object', required: ['title', 'status', 'code'] })
  })

  it('fits what Tutti answers', async () => {
    const app = new App({ name: 't', log: { level: 'silent' } })
      .get('/bare', { response: { 200: Problem, 404: Problem } }, () => reply(404))
      .get('/thrown', { response: { 409: Problem } }, () => {
        throw httpError(409, 'SOLD_OUT', { message: 'Nothing is left of it.', details: { left: 0 } })
      })
    for (const [path, status] of [
      ['/bare', 404],
      ['/thrown', 409],
      ['/nowhere', 404],
    ] as const) {
      const response = await app.fetch(new Request(`http://localhost${path}`))
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(await validate(await response.json())).toMatchObject({ ok: true })
    }
  })
})
