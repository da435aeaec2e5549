// What a browser downloads before Accueil is usable, and what each further screen adds. Over budget, the build fails.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const KB = 1024
const BUDGET = { firstJs: 170 * KB, firstCss: 20 * KB, routeJs: 60 * KB, routeCss: 13 * KB, editorJs: 130 * KB }

const dist = new URL('../app/dist/', import.meta.url).pathname
const assets = join(dist, 'assets')
const read = name => readFileSync(join(assets, name))
const sizes = new Map(
  readdirSync(assets)
    .filter(name => /\.(js|css)$/.test(name))
    .map(name => [name, gzipSync(read(name), { level: 9 }).length]),
)

/** The chunks that a chunk cannot run without: its static imports, transitively. Dynamic imports are somebody else's budget. */
function staticImports(name, seen = new Set()) {
  if (seen.has(name)) return seen
  seen.add(name)
  if (!name.endsWith('.js')) return seen
  const source = read(name).toString()
  for (const [, imported] of source.matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([\w.-]+\.js)["']/g)) staticImports(imported, seen)
  return seen
}

/** The style sheets that come with the dynamic import of a chunk, as the build lists them. */
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))
const entries = Object.values(manifest)
const byFile = new Map(entries.map(entry => [entry.file.replace('assets/', ''), entry]))
function styles(names) {
  return new Set([...names].flatMap(name => (byFile.get(name)?.css ?? []).map(file => file.replace('assets/', ''))))
}

const sum = names => [...names].reduce((total, name) => total + (sizes.get(name) ?? 0), 0)
const chunk = source => entries.find(entry => entry.src === source)?.file.replace('assets/', '')
const union = (...sets) => new Set(sets.flatMap(set => [...set]))
const show = bytes => `${(bytes / KB).toFixed(1)} KB`

const main = chunk('index.html')
const home = chunk('src/features/home/page.tsx')
const first = union(staticImports(main), staticImports(home))
const firstStyles = styles(first)
// Fetched as soon as the first screen is painted, whatever the route.
const idle = union(first, ...['src/app/menus.tsx', 'src/app/jobs.tsx'].map(source => staticImports(chunk(source))))
const idleStyles = styles(idle)
const failures = []
function check(label, bytes, budget) {
  console.log(`${bytes > budget ? 'OVER' : 'ok  '} ${label.padEnd(48)} ${show(bytes).padStart(9)} of ${show(budget)}`)
  if (bytes > budget) failures.push(label)
}

check('first load with Accueil, JS', sum(first), BUDGET.firstJs)
check('first load with Accueil, CSS', sum(firstStyles), BUDGET.firstCss)
check('menus and operations, after the first paint, JS', sum(idle) - sum(first), BUDGET.routeJs)
for (const entry of entries.filter(
  entry =>
    entry.isDynamicEntry &&
    /^src\/(features|app)\//.test(entry.src ?? '') &&
    !/app\/(menus|jobs)/.test(entry.src) &&
    !/\/en\.ts$/.test(entry.src),
)) {
  const file = entry.file.replace('assets/', '')
  const more = new Set([...staticImports(file)].filter(name => !idle.has(name)))
  const moreStyles = new Set([...styles(more)].filter(name => !idleStyles.has(name)))
  check(`${entry.src.replace('src/', '')}, JS`, sum(more), BUDGET.routeJs)
  if (sum(moreStyles) > BUDGET.routeCss) check(`${entry.src.replace('src/', '')}, CSS`, sum(moreStyles), BUDGET.routeCss)
}
// Fetched where somebody writes, after the page around it.
const editor = chunk('src/ui/editor.tsx')
check('editor of notes, JS', sum([...staticImports(editor)].filter(name => !idle.has(name))), BUDGET.editorJs)
if (failures.length) {
  console.error(`\n${failures.length} over budget`)
  process.exit(1)
}
