import { describe, expect, it } from 'vitest'
import { nextDelay } from '../src/api/back-off.ts'
import { problemOf } from '../src/api/problem.ts'
import { bestMatches, matchScore } from '../src/shell/matching.ts'
import { changedQuery, href, placeOf } from '../src/shell/routing.ts'

describe('places', () => {
  const place = (path: string) => {
    const { view, rest, query } = placeOf(new URL(path, 'http://localhost'), '/ops/console/')
    return { view, rest, query: query.toString() }
  }

  it('are read from addresses below the path of the Console', () => {
    expect(place('/ops/console/')).toEqual({ view: '', rest: [], query: '' })
    expect(place('/ops/console/traces/4bf9?min=10')).toEqual({ view: 'traces', rest: ['4bf9'], query: 'min=10' })
  })

  it('keep what was encoded in a part, and what cannot be decoded', () => {
    expect(place('/ops/console/runs/fulfil/a%2Fb%20c').rest).toEqual(['fulfil', 'a/b c'])
    expect(place('/ops/console/runs/%E0%A4%A').rest).toEqual(['%E0%A4%A'])
  })

  it.each([['a/b'], ['ä ?#%'], ['o-1']])('survive as links: %s', (id) => {
    expect(place(new URL(href(['runs', 'fulfil', id]), 'http://localhost/ops/console/').href).rest).toEqual(['fulfil', id])
  })

  it('drop filters that say nothing', () => {
    expect(changedQuery(new URLSearchParams('text=a&min=1'), { text: '', min: undefined, live: true, off: false }).toString()).toBe(
      'live=1',
    )
    expect(href(['logs'], { level: 'warn', text: '' })).toBe('logs?level=warn')
    expect(href([])).toBe('./')
  })
})

describe('matching', () => {
  it('wants the letters in order', () => {
    expect(matchScore('gpo', 'GET /products/:id')).toBeGreaterThan(0)
    expect(matchScore('xyz', 'GET /products')).toBe(0)
  })

  it('puts whole words and beginnings first', () => {
    expect(bestMatches('log', ['Catalogue', 'Analog', 'Logs'], (text) => text)[0]).toBe('Logs')
    expect(bestMatches('', ['b', 'a'], (text) => text)).toEqual(['b', 'a'])
  })
})

describe('the back-off', () => {
  it('grows and stays bounded', () => {
    const delays = [0, 1, 2, 3, 20].map((attempt) => nextDelay(attempt, () => 1))
    expect(delays).toEqual([500, 1000, 2000, 4000, 15_000])
    expect(nextDelay(0, () => 0)).toBe(250)
  })
})

describe('problems', () => {
  it('are told by their detail, their code and advice', () => {
    const problem = problemOf(403, { title: 'Forbidden', detail: 'The Console is read-only.', code: 'TUTTI_CONSOLE_READONLY' })
    expect(problem).toMatchObject({ message: 'The Console is read-only.', code: 'TUTTI_CONSOLE_READONLY', status: 403 })
    expect(problem.advice).toMatch(/read-only/)
  })

  it('are told by the status where there is nothing to read', () =>
    expect(problemOf(502, undefined).message).toBe('The application answered with status 502.'))
})
