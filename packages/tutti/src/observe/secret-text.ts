import type { SecretTest } from './secret-name.ts'

/** What may hold a secret: an address with a password, parameters, members of JSON, a header's value. */
const suspicious = /:\/\/[^\s/?#]*@|[?&;][^\s=&;]{1,64}=|"\s*:\s*"|\b(?:bearer|basic)\s/i
const credentials = /(:\/\/)[^\s/?#]*@/g
const parameters = /([?&;])([^\s=&;?#]{1,64})=([^\s&;#"'<>]+)/g
const members = /"([^"\\\s]{1,64})"(\s*:\s*)"(?:[^"\\]|\\.)*"/g
/** Words of a sentence are short and hold no digit. */
const headerValue = /\b(bearer|basic)\s+(?:(?=[\w.~+/=-]*\d)[\w.~+/=-]{6,}|[\w.~+/=-]{20,})/gi

/** The text without passwords in addresses, values of parameters and of JSON whose names are those of secrets, and tokens behind `Bearer`. */
export function withoutSecrets(text: string, isSecret: SecretTest): string {
  if (!suspicious.test(text)) return text
  return text
    .replace(credentials, '$1[redacted]@')
    .replace(parameters, (whole, before: string, name: string) => (isSecret(name) ? `${before}${name}=[redacted]` : whole))
    .replace(members, (whole, name: string, colon: string) => (isSecret(name) ? `"${name}"${colon}"[redacted]"` : whole))
    .replace(headerValue, '$1 [redacted]')
}
