/** A path parameter as a router path declares it. */
export interface TemplateParameter {
  /** Its name in the document. */
  readonly name: string
  /** Its name in the router: `*` for a wildcard. */
  readonly source: string
  /** What its value looks like, as an anchored pattern. */
  readonly pattern?: string
}

/** A path in the words of OpenAPI. */
export interface PathTemplate {
  readonly path: string
  readonly parameters: readonly TemplateParameter[]
}

// As find-my-way reads it: an optional parameter is a whole segment without a pattern.
const optional = /(\/:[^/()]*?)\?(\/?)/

/** A router path such as `/users/:id(\\d+)/*` as OpenAPI templates: two of them where its last parameter is optional. */
export function pathTemplates(path: string): PathTemplate[] {
  const found = optional.exec(path)
  if (found === null) return [readTemplate(path)]
  const without = path.replace(optional, '$2')
  return [readTemplate(without === '' ? '/' : without), readTemplate(path.replace(optional, '$1$2'))]
}

function readTemplate(path: string): PathTemplate {
  const parameters: TemplateParameter[] = []
  let out = ''
  for (let i = 0; i < path.length;) {
    const char = path[i] as string
    if (char === ':' && path[i + 1] === ':') {
      out += ':'
      i += 2
    } else if (char === ':') {
      const source = /^[^/(.-]*/.exec(path.slice(i + 1))?.[0] ?? ''
      i += 1 + source.length
      const end = path[i] === '(' ? closingParenthesis(path, i) : i
      const name = unique(source, parameters)
      parameters.push({ name, source, ...(end > i && { pattern: anchored(path.slice(i + 1, end - 1)) }) })
      out += `{${name}}`
      i = end
    } else if (char === '*') {
      const name = unique('wildcard', parameters)
      parameters.push({ name, source: '*' })
      out += `{${name}}`
      i += 1
    } else {
      out += char === '{' ? '%7B' : char === '}' ? '%7D' : char
      i += 1
    }
  }
  return { path: out, parameters }
}

function unique(name: string, taken: readonly TemplateParameter[]): string {
  return taken.some((parameter) => parameter.name === name) ? unique(`${name}_`, taken) : name
}

/** The place behind the parenthesis that closes the one at `start`. */
function closingParenthesis(path: string, start: number): number {
  let depth = 0
  for (let i = start; i < path.length; i++) {
    if (path[i] === '\\') i++
    else if (path[i] === '(') depth++
    else if (path[i] === ')' && --depth === 0) return i + 1
  }
  return path.length
}

function anchored(pattern: string): string {
  const bare = pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')
  return bare.includes('|') ? `^(?:${bare})$` : `^${bare}$`
}
