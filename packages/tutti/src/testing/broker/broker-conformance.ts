import type { BrokerCase } from './broker-case.ts'
import { deliveryCases } from './deliveries.ts'
import { keyCases } from './keys.ts'
import { closingCases, delayCases, leaseCases, settlementCases } from './settlements.ts'

/**
 * What every broker must do, as plain cases; none minds messages that are there already:
 * `for (const one of brokerConformance) it(one.name, async ({ skip }) => { const reason = await runBrokerCase(one, open); if (reason) skip(reason) })`.
 */
export const brokerConformance: readonly BrokerCase[] = [
  ...deliveryCases,
  ...keyCases,
  ...settlementCases,
  ...delayCases,
  ...leaseCases,
  ...closingCases,
]
