import type { ZodCheck, ZodNode, ZodPayload } from './zod-accept-node.ts'

/** What generated code answers to a value that it does not accept. */
export const notAccepted: unique symbol = Symbol('not accepted')

/** Gives what zod would make of a value, or `notAccepted`; may throw what getters in the value or functions in the schema throw. */
export type Accept = (value: unknown) => unknown

/** Generates the function for a schema; undefined where making code from strings is not allowed (`--disallow-code-generation-from-strings`). */
export function generateAccept(node: ZodNode): Accept | undefined {
  const code = new Code()
  const result = code.accept(node, 'value')
  const { names, values, functions } = code.constants
  const body = `${functions.join('\n')}\nreturn (value) => {\n${code.lines.join('\n')}\nreturn ${result}\n}`
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- names and texts in it went through JSON.stringify; everything else is numbers
    return new Function('rejected', 'codePoints', 'run', ...names, body)(notAccepted, codePoints, run, ...values)
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}

class Constants {
  readonly names: string[] = []
  readonly values: unknown[] = []
  /** Declarations of functions, each after those that it calls. */
  readonly functions: string[] = []
  #variables = 0

  add(value: unknown): string {
    const name = `c${this.names.length}`
    this.names.push(name)
    this.values.push(value)
    return name
  }

  variable(): string {
    return `v${this.#variables++}`
  }
}

class Code {
  readonly lines: string[] = []
  readonly constants: Constants

  constructor(constants = new Constants()) {
    this.constants = constants
  }

  /** Writes what returns `rejected` unless the variable holds what the schema accepts; gives the expression of what it makes of it. */
  accept(node: ZodNode, variable: string): string {
    const test = this.#test(node, variable)
    if (test !== undefined) {
      if (test !== 'true') this.#demand(test)
      return variable
    }
    switch (node.kind) {
      case 'array':
        return this.#array(node, variable)
      case 'tuple':
        return this.#tuple(node.items, variable)
      case 'object':
        return this.#object(node, variable)
      case 'nullable':
        return this.#unless(node.inner, { variable, is: 'null', gives: 'null' })
      case 'optional':
        return this.#unless(node.inner, { variable, is: 'undefined', gives: 'undefined' })
      case 'default':
        return this.#unless(node.inner, { variable, is: 'undefined', gives: `${this.constants.add(node.definition)}.defaultValue` })
      case 'union':
        return this.#union(node.options, variable)
      case 'discriminated':
        return this.#discriminated(node, variable)
      case 'string':
      case 'number':
      case 'bigint':
      case 'date':
        return this.#checked(node, variable)
      case 'boolean':
      case 'unknown':
      case 'values':
        return variable
    }
  }

  #demand(test: string): void {
    this.lines.push(`if (!(${test})) return rejected`)
  }

  /** The schema as one expression, where it gives back what it accepts. */
  #test(node: ZodNode, variable: string): string | undefined {
    switch (node.kind) {
      case 'unknown':
        return 'true'
      case 'boolean':
        return `typeof ${variable} === 'boolean'`
      case 'values':
        return this.#values(node.values, variable)
      case 'string':
      case 'number':
      case 'bigint':
      case 'date':
        return node.checks.some(({ check }) => check === 'run') ? undefined : this.#scalar(node, variable)
      case 'nullable':
        return orElse(`${variable} === null`, this.#test(node.inner, variable))
      case 'optional':
        return orElse(`${variable} === undefined`, this.#test(node.inner, variable))
      case 'union': {
        const tests = node.options.map((option) => this.#test(option, variable))
        return tests.includes(undefined) ? undefined : `(${tests.join(' || ')})`
      }
      default:
        return undefined
    }
  }

  #scalar({ kind, checks }: ZodNode & { readonly checks: readonly ZodCheck[] }, variable: string): string {
    const tests = checks.map((check) => this.#check(check, variable))
    // It implies the type.
    if (kind === 'number' && checks[0]?.check === 'safe-integer') return tests.join(' && ')
    return [typeTest(kind, variable), ...tests].join(' && ')
  }

  #checked({ kind, checks }: ZodNode & { readonly checks: readonly ZodCheck[] }, variable: string): string {
    this.#demand(typeTest(kind, variable))
    let current = variable
    for (const check of checks) {
      if (check.check !== 'run') {
        // A check may put anything in the place of the value, and zod leaves out some of the checks then.
        if (current !== variable) this.lines.push(`if (!(${sameType(kind, current)})) throw new TypeError('replaced by another type')`)
        this.#demand(this.#check(check, current))
        continue
      }
      const next = this.constants.variable()
      this.lines.push(`const ${next} = run(${this.constants.add(check.run)}, ${current})`, `if (${next} === rejected) return rejected`)
      current = next
    }
    return current
  }

  #check(check: ZodCheck, variable: string): string {
    switch (check.check) {
      // A code point has one or two units: only between the bounds must they be counted.
      case 'min-length':
        return `${variable}.length >= ${check.bound} && (${variable}.length >= ${check.bound * 2} || codePoints(${variable}) >= ${check.bound})`
      case 'max-length':
        return `(${variable}.length <= ${check.bound} || ${variable}.length <= ${check.bound * 2} && codePoints(${variable}) <= ${check.bound})`
      case 'length':
        return `${variable}.length >= ${check.bound} && ${variable}.length <= ${check.bound * 2} && codePoints(${variable}) === ${check.bound}`
      case 'compare':
        return `${variable} ${check.operator} ${check.bound}`
      case 'safe-integer':
        return `Number.isSafeInteger(${variable})`
      case 'range': {
        const outside = `${variable} < ${check.minimum} || ${variable} > ${check.maximum}`
        return check.integer ? `Number.isInteger(${variable}) && !(${outside})` : `!(${outside})`
      }
      case 'pattern': {
        const pattern = this.constants.add(check.pattern)
        // Patterns that remember where they were begin anew, as in zod.
        return check.pattern.global || check.pattern.sticky
          ? `(${pattern}.lastIndex = 0, ${pattern}.test(${variable}))`
          : `${pattern}.test(${variable})`
      }
      case 'includes': {
        const from = check.position === undefined ? '' : `, ${check.position}`
        return `${variable}.includes(${JSON.stringify(check.text)}${from})`
      }
      case 'startsWith':
      case 'endsWith':
        return `${variable}.${check.check}(${JSON.stringify(check.text)})`
      case 'run':
        return `run(${this.constants.add(check.run)}, ${variable}) !== rejected`
    }
  }

  #values(values: ReadonlySet<unknown>, variable: string): string {
    // A set takes NaN for equal to itself; there a comparison would not do, and with many values it takes longer.
    const simple = [...values].every((value) => value == null || typeof value === 'string' || typeof value === 'boolean')
    if (!simple || values.size === 0 || values.size > maxCompared) return `${this.constants.add(values)}.has(${variable})`
    const tests = [...values].map((value) => `${variable} === ${value === undefined ? 'undefined' : JSON.stringify(value)}`)
    return tests.length === 1 ? tests.join('') : `(${tests.join(' || ')})`
  }

  #unless(node: ZodNode, { variable, is, gives }: { readonly variable: string; readonly is: string; readonly gives: string }): string {
    const result = this.constants.variable()
    this.lines.push(`let ${result}`, `if (${variable} === ${is}) ${result} = ${gives}`, 'else {')
    this.lines.push(`${result} = ${this.accept(node, variable)}`, '}')
    return result
  }

  #array({ element, checks }: { readonly element: ZodNode; readonly checks: readonly ZodCheck[] }, variable: string): string {
    const [result, index, item] = [this.constants.variable(), this.constants.variable(), this.constants.variable()]
    this.#demand([`Array.isArray(${variable})`, ...checks.map((check) => lengthTest(check, variable))].join(' && '))
    this.lines.push(`const ${result} = new Array(${variable}.length)`)
    this.lines.push(`for (let ${index} = 0; ${index} < ${variable}.length; ${index}++) {`, `const ${item} = ${variable}[${index}]`)
    this.lines.push(`${result}[${index}] = ${this.accept(element, item)}`, '}')
    return result
  }

  #tuple(items: readonly ZodNode[], variable: string): string {
    this.#demand(`Array.isArray(${variable}) && ${variable}.length === ${items.length}`)
    const results = items.map((item, index) => this.accept(item, this.#read(`${variable}[${index}]`)))
    return `[${results.join(', ')}]`
  }

  #read(expression: string): string {
    const name = this.constants.variable()
    this.lines.push(`const ${name} = ${expression}`)
    return name
  }

  #object({ properties, unknownKeys }: ZodNode & { readonly kind: 'object' }, variable: string): string {
    this.#demand(`typeof ${variable} === 'object' && ${variable} !== null && !Array.isArray(${variable})`)
    const known = unknownKeys === 'strip' ? '' : this.constants.add(new Set(properties.map(({ key }) => key)))
    if (unknownKeys === 'reject') this.lines.push(`for (const key in ${variable}) if (!${known}.has(key)) return rejected`)
    const members = properties.map((property) => this.#property(property, variable))
    const result = this.constants.variable()
    const first = members.findIndex(({ condition }) => condition !== undefined)
    const always = first < 0 ? members : members.slice(0, first)
    this.lines.push(`const ${result} = { ${always.map(({ name, expression }) => `${name}: ${expression}`).join(', ')} }`)
    for (const { name, expression, condition } of members.slice(always.length)) {
      this.lines.push(`${condition === undefined ? '' : `if (${condition}) `}${result}[${name}] = ${expression}`)
    }
    if (unknownKeys === 'keep') {
      this.lines.push(`for (const key in ${variable}) {`, `if (${known}.has(key) || key === '__proto__') continue`)
      this.lines.push(`const kept = ${variable}[key]`, `if (!(key in ${variable})) return rejected`, `${result}[key] = kept`, '}')
    }
    return result
  }

  #property({ key, node, absent }: (ZodNode & { readonly kind: 'object' })['properties'][number], object: string): Member {
    const name = JSON.stringify(key)
    if (absent === 'omitted') {
      const [present, result] = [this.#read(`${name} in ${object}`), this.constants.variable()]
      this.lines.push(`let ${result}`, `if (${present}) {`)
      this.lines.push(`${result} = ${this.accept(node, this.#read(`${object}[${name}]`))}`, '}')
      return { name, expression: result, condition: present }
    }
    if (absent === 'offered') {
      const made = this.#read(`${this.#function(node)}(${object}[${name}])`)
      const present = this.#read(`${name} in ${object}`)
      this.lines.push(`if (${made} === rejected && ${present}) return rejected`)
      return { name, expression: made, condition: `${made} !== rejected && (${made} !== undefined || ${present})` }
    }
    const expression = this.accept(node, this.#read(`${object}[${name}]`))
    if (absent === 'required') this.#demand(`${name} in ${object}`)
    return { name, expression, condition: undefined }
  }

  #union(options: readonly ZodNode[], variable: string): string {
    const result = this.constants.variable()
    const calls = options.map((option) => `${this.#function(option)}(${variable})`)
    this.lines.push(`let ${result} = ${calls[0] ?? 'rejected'}`)
    for (const call of calls.slice(1)) this.lines.push(`if (${result} === rejected) ${result} = ${call}`)
    this.lines.push(`if (${result} === rejected) return rejected`)
    return result
  }

  #discriminated({ discriminator, options, choices }: ZodNode & { readonly kind: 'discriminated' }, variable: string): string {
    const result = this.constants.variable()
    this.#demand(`typeof ${variable} === 'object' && ${variable} !== null && !Array.isArray(${variable})`)
    this.lines.push(`let ${result}`, `switch (${this.constants.add(choices)}.get(${variable}[${JSON.stringify(discriminator)}])) {`)
    for (const [index, option] of options.entries()) {
      this.lines.push(`case ${index}: {`)
      this.lines.push(`${result} = ${this.accept(option, variable)}`, 'break', '}')
    }
    this.lines.push('default: return rejected', '}')
    return result
  }

  #function(node: ZodNode): string {
    const inner = new Code(this.constants)
    const result = inner.accept(node, 'value')
    const name = this.constants.variable()
    this.constants.functions.push(`const ${name} = (value) => {\n${inner.lines.join('\n')}\nreturn ${result}\n}`)
    return name
  }
}

interface Member {
  readonly name: string
  readonly expression: string
  readonly condition: string | undefined
}

const maxCompared = 8

function orElse(test: string, other: string | undefined): string | undefined {
  return other === undefined ? undefined : `(${test} || ${other})`
}

function typeTest(kind: ZodNode['kind'], variable: string): string {
  if (kind === 'number') return `Number.isFinite(${variable})`
  if (kind === 'date') return `${variable} instanceof Date && !Number.isNaN(${variable}.getTime())`
  return `typeof ${variable} === '${kind}'`
}

function sameType(kind: ZodNode['kind'], variable: string): string {
  return kind === 'date' ? `${variable} instanceof Date` : `typeof ${variable} === '${kind}'`
}

function lengthTest(check: ZodCheck, variable: string): string {
  if (check.check === 'min-length') return `${variable}.length >= ${check.bound}`
  if (check.check === 'max-length') return `${variable}.length <= ${check.bound}`
  return check.check === 'length' ? `${variable}.length === ${check.bound}` : 'true'
}

function codePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length - 1; i++) {
    // A high surrogate and the low one after it are one.
    if ((text.charCodeAt(i) & 0xfc00) !== 0xd800 || (text.charCodeAt(i + 1) & 0xfc00) !== 0xdc00) continue
    count--
    i++
  }
  return count
}

/** Has zod run one of its checks. */
function run(check: (payload: ZodPayload) => unknown, value: unknown): unknown {
  const payload: ZodPayload = { value, issues: [] }
  check(payload)
  return payload.issues.length === 0 ? payload.value : notAccepted
}
