import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: here,
  base: "/sandbox-static/",
  build: {
    outDir: fileURLToPath(new URL("../../sandbox/static/", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    // The Adaptive Cards renderer, with its carousels, is one large chunk; it comes from the same machine.
    chunkSizeWarningLimit: 1500,
  },
});
