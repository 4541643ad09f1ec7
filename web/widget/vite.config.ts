import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../../interact/static/", import.meta.url));

/** Maximum size of all files fetched before a message can be sent, gzipped: every byte slows the owner's page down. */
const BUDGET = 15_000;

const MEMBERS = ["isStarting", "isOpen", "atEnd", "isAskingEnd", "toEnd", "askEnd", "sayAgain", "tellTyping", "markRead", "startAnew"];

/** Texts that are not needed before the first message is sent; they are fetched after it. */
const LATER =
  /^(over|still_there|passed_on|late|failed|unsent|again|edited|deleted|reconnecting|end_ask|keep|new_chat|earlier|typing|position|next|met|is_ended)/;

const tags = ["en", "de", "fr", "it"];
const texts = Object.fromEntries(tags.flatMap((tag) => [tag, `${tag}-later`]).map((name) => [name, `texts:${name}`]));

/** Two modules for each language, from its one file. */
function texted(): Plugin {
  return {
    name: "usher-texts",
    resolveId: (id) => (/texts:..(-later)?$/.test(id) ? `\0${id}` : null),
    load(id) {
      const [, tag, later] = /^\0.*texts:(..)(-later)?$/.exec(id) ?? [];
      if (!tag) return null;
      const all = JSON.parse(readFileSync(`${here}texts/${tag}.json`, "utf8")) as Record<string, string>;
      const chosen = Object.entries(all).filter(([key]) => LATER.test(key) === !!later);
      return `export default ${JSON.stringify(Object.fromEntries(chosen))}`;
    },
  };
}

/** The minifier leaves line breaks inside templates, where a blank is enough; comments are not needed. */
function tightTemplates(): Plugin {
  return {
    name: "usher-tight-templates",
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== "chunk") continue;
        file.code = file.code.replace(/\s*\n\s*/g, " ").replace(/\/\*.*?\*\//g, "");
        // The minifier keeps member names; these are internal, and one word each.
        MEMBERS.forEach((name, at) => (file.code = file.code.replace(new RegExp(`\\b${name}\\b`, "g"), `$${at}`)));
      }
    },
  };
}

/** Fails the build if the widget exceeds its budget, else prints its size. */
function budget(): Plugin {
  return {
    name: "usher-budget",
    closeBundle() {
      const sizeOf = (name: string) => gzipSync(readFileSync(out + name)).length;
      // A browser fetches one language: the longest counts.
      const longest = tags.map((tag) => `${tag}.js`).sort((a, b) => sizeOf(b) - sizeOf(a)).slice(0, 1);
      const fetched = ["embed.js", "widget.js", ...longest];
      const total = fetched.reduce((sum, name) => sum + sizeOf(name), 0);
      const words = `${fetched.map((name) => `${name} ${sizeOf(name)}`).join(" + ")} = ${total} bytes gzipped`;
      if (total > BUDGET) throw new Error(`The widget is too big: ${words}; the limit is ${BUDGET}.`);
      console.log(`${words} (limit ${BUDGET})`);
    },
  };
}

export default defineConfig({
  root: here,
  plugins: [texted(), tightTemplates(), budget()],
  build: {
    outDir: out,
    emptyOutDir: true,
    target: "es2022",
    // The style targets the supported browsers; rewriting it for others only makes it longer.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: false,
    lib: { entry: { embed: `${here}embed.ts`, widget: `${here}widget.ts`, poll: `${here}poll.ts`, links: `${here}links.ts`, ...texts }, formats: ["es"] },
    // Library builds keep blanks and names for a later bundler; there is none here.
    rolldownOptions: { output: { entryFileNames: "[name].js", chunkFileNames: "[name].js", minify: true } },
    reportCompressedSize: false,
  },
});
