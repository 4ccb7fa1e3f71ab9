import { expect, it } from 'vitest'
import { changeFeed } from '../../src/app/console/change-feed.ts'
import { createLogger } from '../../src/observe/index.ts'

it('pages are told at first, with each change, and once more with the look after it', async () => {
  const states = ['running', 'running', 'running', 'rebuilding', 'running', 'running', 'running']
  let looks = 0
  let told = 0
  const toldWith: number[] = []
  using _feed = changeFeed({
    log: createLogger({ level: 'silent' }),
    every: 1,
    look: () => {
      toldWith.push(told)
      return Promise.resolve(states[Math.min(looks++, states.length - 1)])
    },
  })(() => told++)
  await expect.poll(() => looks).toBeGreaterThan(states.length)
  // Before each look: the first two tell, the third does not, then the change, the change back, and one more.
  expect(toldWith.slice(0, states.length + 1)).toEqual([0, 1, 2, 2, 3, 4, 5, 5])
})
