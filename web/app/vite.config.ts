/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  // The server replaces the token in every answer of index.html; the same value reaches Mantine through the meta tag.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    // Native light-dark(): an older target makes the minifier rewrite it and the colours vanish.
    target: ['chrome123', 'firefox128', 'safari17.5'],
    // An inlined asset would need font-src data:, which the policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
    manifest: true,
    rolldownOptions: {
      output: {
        // Left alone, each icon and each small part becomes a request of its own: forty of them before Accueil. The icons of the
        // frame and of Accueil come first, all others with the first page that has one.
        codeSplitting: {
          groups: [
            {
              name: 'icons',
              test: /@tabler[\\/]icons-react[\\/]dist[\\/]esm[\\/](?!icons[\\/])|Icon(AddressBook|AlertTriangle|Box|Car|CashRegister|Check|Checklist|ChevronRight|Circle|FileCheck|FileImport|Home|Keyboard|ListDetails|Phone|Plus|ReceiptEuro|Refresh|Search|Settings|UsersGroup|X)\.mjs/,
            },
            { name: 'more-icons', test: /@tabler[\\/]icons-react/ },
            {
              name: 'base',
              test: /src[\\/](i18n|api)[\\/]|src[\\/]ui[\\/](states|tag|monogram|toast|page|shortcuts|problem-text|text|fr)[.\w-]*\.tsx?$/,
            },
          ],
        },
      },
    },
  },
  server: { host: '127.0.0.1', port: 5173, proxy: { '/api': 'http://127.0.0.1:8080', '/boite-essai': 'http://127.0.0.1:8080' } },
  preview: { host: '127.0.0.1', port: 5174 },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
