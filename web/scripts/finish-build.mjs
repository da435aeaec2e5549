// After vite: the API reference's script beside the app, then .br and .gz twins of every text asset, so that serving costs no CPU.
import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const dist = new URL('../app/dist/', import.meta.url).pathname
const reference = new URL('../node_modules/@scalar/api-reference/dist/browser/standalone.js', import.meta.url).pathname

await mkdir(join(dist, 'scalar'), { recursive: true })
await cp(reference, join(dist, 'scalar/standalone.js'))

const TEXT = /\.(js|css|html|svg|json|txt|webmanifest)$/
const SMALLEST = 512

async function* files(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* files(path)
    else yield path
  }
}

const brotli = promisify(brotliCompress)
const zip = promisify(gzip)
let count = 0
for await (const path of files(dist)) {
  // index.html gets a fresh nonce in every answer, so its bytes are never the same twice.
  if (!TEXT.test(path) || path.endsWith('index.html') || (await stat(path)).size < SMALLEST) continue
  const source = await readFile(path)
  // The reference is 3.5 MB and rarely read: the last per cent would cost more build time than everything else.
  const quality = source.length > 1_000_000 ? 8 : 11
  await writeFile(`${path}.br`, await brotli(source, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }))
  await writeFile(`${path}.gz`, await zip(source, { level: 9 }))
  count += 1
}
console.log(`precompressed ${count} files`)
