import type { OrderInput } from './routes.ts'

const currencies: readonly unknown[] = ['EUR', 'USD', 'GBP']

/** Whether a value is an order: what the schemas say, by hand, for the server without a framework. */
export function isOrder(value: unknown): value is OrderInput {
  if (!isRecord(value)) return false
  const { customer, address, items, currency, express, note } = value
  if (!isRecord(customer) || !isText(customer['id']) || !isText(customer['name']) || !isText(customer['email'])) return false
  if (!isRecord(address) || !isText(address['street']) || !isText(address['city']) || !isText(address['zip'])) return false
  const { country } = address
  if (typeof country !== 'string' || country.length !== 2) return false
  if (!Array.isArray(items) || items.length === 0 || items.length > 100 || !items.every(isItem)) return false
  if (note !== undefined && (typeof note !== 'string' || note.length > 200)) return false
  return currencies.includes(currency) && typeof express === 'boolean'
}

function isItem(value: unknown): boolean {
  return isRecord(value) && isText(value['sku']) && isWhole(value['quantity'], 1) && isWhole(value['price'], 0)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= 200
}

function isWhole(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least
}
