import { describe, it } from 'vitest'
import { memoryBroker } from '../../src/messaging/public.ts'
import { brokerConformance, runBrokerCase } from '../../src/testing/index.ts'

describe('the memory broker', () => {
  for (const one of brokerConformance) {
    it(one.name, async ({ skip }) => {
      const reason = await runBrokerCase(one, () => memoryBroker())
      if (reason !== undefined) skip(reason)
    })
  }
})
