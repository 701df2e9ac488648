import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/home/',
  plugins: [react()],
  build: {
    // The content security policy allows no `data:` scripts, and small data URLs are never worth the exception.
    assetsInlineLimit: 0,
    target: 'es2023',
    // The first load is held to 300 KB compressed, measured with the fonts; this is its script, uncompressed.
    chunkSizeWarningLimit: 720,
  },
});
