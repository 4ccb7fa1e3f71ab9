import { testApp } from 'tutti/testing'
import { expect, it } from 'vitest'
import createApp from '../src/app.ts'

it('takes orders and payments', async () => {
  await using t = await testApp(createApp({ storage: 'memory:', log: { level: 'silent' } }))
  await t.post('/orders/o-1', { json: { customer: 'Ada', total: 30 } }).expect(200)
  await t.post('/orders/o-1/payment', { json: { amount: 30 } }).expect(200)
  await t.get('/orders/o-1').expect(200, { status: 'paid', total: 30 })
  await expect.poll(async () => (await t.get('/revenue')).body, { timeout: 15_000 }).toEqual({ total: 30 })
}, 20_000)
