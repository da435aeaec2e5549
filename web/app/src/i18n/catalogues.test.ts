// TypeScript already forces both languages to one shape. This looks at what types cannot see: open dictionaries, blanks, imports.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const src = join(import.meta.dirname, '..')
const folders = [
  'ui',
  'app',
  'app/record-words',
  'features/billing/orders',
  ...readdirSync(join(src, 'features')).map(name => `features/${name}`),
]

type Tree = Record<string, unknown>

const catalogues = import.meta.glob<Record<string, Tree>>(
  ['../{ui,app}/{fr,en}.ts', '../app/record-words/{fr,en}.ts', '../features/{*,billing/orders}/{fr,en}.ts'],
  { eager: true },
)

function leaves(tree: Tree, path = ''): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    value !== null && typeof value === 'object'
      ? leaves(value as Tree, `${path}${key}.`)
      : [[path + key, value] as [string, unknown]],
  )
}

describe.each(folders)('%s', folder => {
  it('says the same things in French and in English', () => {
    const fr = leaves(catalogues[`../${folder}/fr.ts`]!.fr!)
    const en = leaves(catalogues[`../${folder}/en.ts`]!.en!)
    expect(en.map(([key]) => key).sort()).toEqual(fr.map(([key]) => key).sort())
    for (const [key, value] of [...fr, ...en]) {
      expect(value, key).toSatisfy(
        (leaf: unknown) => typeof leaf === 'function' || (typeof leaf === 'string' && leaf.trim() !== ''),
      )
    }
  })

  it.each(['fr', 'en'])('%s imports no module at run time', language => {
    const source = readFileSync(join(src, folder, `${language}.ts`), 'utf8')
    expect(source).not.toMatch(/^import (?!type |\w+ from '@\/words\/\w+\.\w+\.json')/m)
  })

  it('writes French apostrophes and ellipses as printers do', () => {
    const source = readFileSync(join(src, folder, 'fr.ts'), 'utf8')
    expect(source).not.toMatch(/\p{L}\\'\p{L}/u)
    expect(source).not.toMatch(/\p{L}\.\.\./u)
  })
})
