import { describe, expect, it } from 'vitest'
import { pathTemplates } from '../../../src/http/openapi/path-template.ts'

describe('paths of the router as templates', () => {
  it.each([
    ['/', '/'],
    ['/users/:id', '/users/{id}'],
    ['/users/:id(\\d+)/orders', '/users/{id}/orders'],
    ['/at/:hour(^\\d+)h:minute(^\\d+)m', '/at/{hour}h{minute}m'],
    ['/:from-:to', '/{from}-{to}'],
    ['/:file.:ext', '/{file}.{ext}'],
    ['/:a(x(?:y|z))/b', '/{a}/b'],
    ['/files/*', '/files/{wildcard}'],
    ['/:wildcard/*', '/{wildcard}/{wildcard_}'],
    ['/actions::run', '/actions:run'],
    ['/literal{brace}', '/literal%7Bbrace%7D'],
  ])('%s is %s', (path, template) => {
    expect(pathTemplates(path).map((each) => each.path)).toEqual([template])
  })

  it('an optional parameter makes two', () => {
    expect(pathTemplates('/:id?').map((each) => each.path)).toEqual(['/', '/{id}'])
    expect(pathTemplates('/a/:id?').map((each) => each.path)).toEqual(['/a', '/a/{id}'])
  })

  it('patterns are anchored', () => {
    expect(pathTemplates('/:a(\\d+)/:b(^x|y$)')[0]?.parameters).toEqual([
      { name: 'a', source: 'a', pattern: '^\\d+$' },
      { name: 'b', source: 'b', pattern: '^(?:x|y)$' },
    ])
  })
})
