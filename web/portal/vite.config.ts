import { defineConfig } from "vite";

export default defineConfig({
  root: "portal",
  // The pages live under /portal/, their hashed files beside them: see portal/pages.py.
  base: "/portal/static/",
  build: {
    outDir: "../../portal/static",
    emptyOutDir: true,
    target: "es2022",
    // Inline data would need `data:` in the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
