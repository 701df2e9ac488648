import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compress } from './compress.js';

export default defineConfig({
  base: '/home/',
  plugins: [react(), compress()],
  build: {
    // The content security policy allows no `data:` scripts, and small data URLs are never worth the exception.
    assetsInlineLimit: 0,
    target: 'es2023',
    // bench/console-size.ts reads from it what the first load takes.
    manifest: true,
    // The first load is held to 300 KB compressed, measured with the fonts; this is its script, uncompressed.
    chunkSizeWarningLimit: 720,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What several screens share comes at once: 30 files of a few hundred bytes took longer than their bytes. Not
          // what only an editor or a chart is made of.
          groups: [{ name: 'shared', minShareCount: 3, test: /^(?!.*(codemirror|lezer|recharts|d3-))/u }],
        },
      },
    },
  },
});
