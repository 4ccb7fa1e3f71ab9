import { parseSync } from 'oxc-parser'

/** What a source file imports by a name that stands in it: statically, dynamically, as a type, with `require` or `resolve`. */
export function readImports(file: string, text: string): string[] {
  const { program, errors } = parseSync(file, text)
  if (errors.length > 0) throw new SyntaxError(`${file} cannot be parsed: ${errors[0]?.message}`)
  const found = new Set<string>()
  collect(program, found)
  return [...found]
}

type Tree = Readonly<Record<string, unknown>>

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null

function collect(node: unknown, found: Set<string>): void {
  if (Array.isArray(node)) {
    for (const child of node) collect(child, found)
  } else if (isTree(node)) {
    const name = requested(node)
    if (name !== undefined) found.add(name)
    for (const child of Object.values(node)) collect(child, found)
  }
}

function requested(node: Tree): string | undefined {
  switch (node['type']) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return textOf(node['source'])
    case 'TSExternalModuleReference':
      return textOf(node['expression'])
    case 'CallExpression':
      return callsForModule(node['callee']) ? textOf((node['arguments'] as readonly unknown[])[0]) : undefined
    default:
      return undefined
  }
}

/** `require(…)`, `require.resolve(…)` and `import.meta.resolve(…)`. */
function callsForModule(callee: unknown): boolean {
  if (!isTree(callee)) return false
  if (callee['type'] === 'Identifier') return callee['name'] === 'require'
  if (callee['type'] !== 'MemberExpression' || !isTree(callee['property']) || callee['property']['name'] !== 'resolve') return false
  return isTree(callee['object']) && (callee['object']['type'] === 'MetaProperty' || callee['object']['name'] === 'require')
}

function textOf(node: unknown): string | undefined {
  if (!isTree(node)) return undefined
  if (node['type'] === 'Literal' && typeof node['value'] === 'string') return node['value']
  // A template without parts to fill in names a module just as well.
  const quasi =
    node['type'] === 'TemplateLiteral' && Array.isArray(node['quasis']) && node['quasis'].length === 1 ? node['quasis'][0] : undefined
  return isTree(quasi) && isTree(quasi['value']) ? String(quasi['value']['cooked']) : undefined
}
