import { expect, it } from 'vitest'
import { connectionOf } from '../src/options.ts'
import { mysql } from '../src/index.ts'

it.for([
  { database: 'd', tablePrefix: 'a`; drop table x' },
  { database: 'd', tablePrefix: '' },
  { database: 'd', lanes: 3 },
  { database: 'd', pool: { max: 0 } },
  { database: 'd', port: 0 },
  {},
  { url: 'mysql://u:geheim@h' },
  { url: 'postgres://u:geheim@h/d' },
  { url: 'mysql://u:geheim@h/d?multipleStatements=false' },
  { url: 'mysql://u:geheim@h/d?ssl=maybe' },
  { url: 'mysql://u:geheim%@h/d' },
])('mysql refuses %o', (options) => {
  expect(() => mysql(options)).toThrow(
    expect.objectContaining({ code: 'TUTTI_OPTION_INVALID', message: expect.not.stringContaining('geheim') }),
  )
})

it('takes a URL apart, and options override it', () => {
  expect(connectionOf({ url: 'mariadb://u%40x:p%3Aw@[::1]:3307/shop%201?ssl=true', port: 3308 })).toEqual({
    config: { host: '::1', port: 3308, user: 'u@x', password: 'p:w', database: 'shop 1', ssl: { rejectUnauthorized: true } },
    database: 'shop 1',
    place: '::1:3308/shop 1',
  })
  expect(connectionOf({ database: 'd', ssl: { ca: 'x' } }).config.ssl).toEqual({ rejectUnauthorized: true, ca: 'x' })
})
