/** How the page is built. `COUPLET_API` is where the development server of the page finds a running Couplet. */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

// React and Fluent choose what they ship by it: built under a test's `test`, the page would be half as large again.
if (process.argv.includes('build')) process.env['NODE_ENV'] = 'production';

const root = resolve(import.meta.dirname, 'src/web');

/** Scripts and styles are compressed once, here, and served as they lie: a third of the bytes, and no work for the server. */
const compressed = (): Plugin => ({
  name: 'compressed',
  async writeBundle({ dir = '' }, files) {
    const texts = Object.values(files).filter(({ fileName }) => /\.(?:js|css)$/.test(fileName));
    await Promise.all(
      texts.map((file) =>
        writeFile(
          join(dir, `${file.fileName}.gz`),
          gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 }),
        ),
      ),
    );
  },
});

export default defineConfig({
  root,
  plugins: [react(), compressed()],
  build: {
    outDir: resolve(import.meta.dirname, 'dist/web'),
    emptyOutDir: true,
    target: 'es2022',
    // Small files would be inlined as data: addresses, which the page's security policy does not load.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': process.env['COUPLET_API'] ?? 'http://127.0.0.1:4870' } },
});
