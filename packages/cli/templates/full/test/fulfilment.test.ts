import { testApp } from 'tutti/testing'
import { expect, it } from 'vitest'
import createApp from '../src/app.ts'

it('prints a label once an order is paid', async () => {
  await using t = await testApp(createApp({ storage: 'memory:', log: { level: 'silent' } }))
  await t.post('/orders/o-1', { json: { customer: 'Ada', total: 30 } }).expect(200)
  await t.post('/orders/o-1/payment', { json: { amount: 30 } }).expect(200)
  await expect
    .poll(async () => (await t.get('/orders/o-1/fulfilment')).body, { timeout: 15_000 })
    .toMatchObject({
      state: 'completed',
      output: { label: 'for Ada', paid: 30 },
    })
}, 20_000)
