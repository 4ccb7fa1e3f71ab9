import { expect, it } from 'vitest'
import { Child } from '../http/engine/child.ts'

it('an application that is told to stop takes requests until load balancers have noticed', async () => {
  await using child = new Child({ app: { health: { drainDelay: '6s' } } })
  const url = await child.url()
  const status = async (path: string): Promise<number> => (await fetch(`${url}${path}`, { headers: { connection: 'close' } })).status
  expect(await status('/health/ready')).toBe(200)
  child.signal('SIGTERM')
  await expect.poll(() => status('/health/ready')).toBe(503)
  expect(await status('/')).toBe(200)
  expect(await status('/health/live')).toBe(200)
  expect(await child.exit).toBe(0)
})
