import { OptionError, TuttiError } from '../../kernel/index.ts'
import { compileSerializer, compileValidator, toJsonSchema, ValidationError, type Schema, type Validated } from '../../schema/index.ts'
import { parseJson } from '../body/json.ts'
import { HttpError } from '../errors.ts'
import type { WsOptions } from './options.ts'

/** What a text message is for a route's handlers; throws or rejects where it is not what the route wants. */
export type Decode = (text: string) => unknown

/** Compiles what turns the text of a message into what the handler gets. */
export function compileDecode({ format, message }: WsOptions): Decode {
  const parse = format === 'text' ? (text: string): unknown => text : parseMessage
  if (message === undefined) return parse
  const validate = compileValidator(message)
  return (text) => {
    const result = validate(parse(text))
    return result instanceof Promise ? result.then(accepted) : accepted(result)
  }
}

function parseMessage(text: string): unknown {
  try {
    return parseJson(text)
  } catch (cause) {
    throw new TuttiError(
      'TUTTI_MESSAGE_MALFORMED',
      'The message is not a JSON document that is taken here; send JSON, without keys such as "__proto__".',
      { status: 400, cause },
    )
  }
}

function accepted(result: Validated<unknown>): unknown {
  if (result.ok) return result.value
  throw new ValidationError(result.problems)
}

/**
 * Compiles what turns a value into the text of a message. JSON is written by what the schema names; one that cannot be described as
 * JSON Schema makes what is written itself, so that no other fields get out. With `validate` every value is checked as well.
 */
export function compileEncode(path: string, { format, send }: WsOptions, validate: boolean): (value: unknown) => string {
  if (format === 'text') return compileText(path, validate ? send : undefined)
  if (send === undefined) return stringify
  const described = toJsonSchema(send, 'output')
  const check = compileCheck(path, send)
  if (described === undefined) return (value) => stringify(check(value))
  const write = compileSerializer(described)
  if (!validate) return write
  return (value) => {
    check(value)
    return write(value)
  }
}

/** JSON knows no undefined: as in arrays, it is null. */
function stringify(value: unknown): string {
  return JSON.stringify(value) ?? 'null'
}

function compileText(path: string, send: Schema | undefined): (value: unknown) => string {
  const check = send === undefined ? undefined : compileCheck(path, send)
  return (value) => {
    check?.(value)
    if (typeof value === 'string') return value
    throw sendInvalid(path, `it is of the type ${typeof value}, and this route sends text`)
  }
}

function compileCheck(path: string, send: Schema): (value: unknown) => unknown {
  const validate = compileValidator(send)
  return (value) => {
    const result = validate(value)
    if (result instanceof Promise) {
      result.catch(() => undefined)
      throw new OptionError(
        `WS ${path}: the schema of the option send validates asynchronously, and sending does not wait; give it one without async parts.`,
      )
    }
    if (result.ok) return result.value
    throw sendInvalid(path, new ValidationError(result.problems).message)
  }
}

function sendInvalid(path: string, problem: string): HttpError {
  return new HttpError('TUTTI_SEND_INVALID', `WS ${path} was to send a message that it does not allow: ${problem}`, { status: 500 })
}
