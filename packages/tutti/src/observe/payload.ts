import { PlainCopy } from './plain-value.ts'
import { secretTest } from './secret-name.ts'

const isSecret = secretTest()
const longest = 4_096

/** The data of a command, an event or a message as an attribute of a span: JSON without secrets, cut where it is long. */
export function payloadOf(data: unknown): string {
  const text = JSON.stringify(new PlainCopy(isSecret, {}).value(data))
  return text.length <= longest ? text : `${text.slice(0, longest)}…`
}
