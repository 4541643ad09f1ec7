/**
 * The loader, the one script that a website embeds:
 *
 *     <script async src="https://usher.example/interact/embed.js" data-widget="w…"></script>
 *
 * Tag managers strip attributes, insert the script as a module, or fetch and evaluate it: so the key may also be in
 * the address (`embed.js?widget=w…`) or in `window.usherWidget`. It waits until the page has loaded and the browser is
 * idle, then imports the widget from the loader's address.
 */
const OURS = /\/embed\.js(\?|$)/;

const keyIn = (text: string) => (OURS.test(text) ? new URL(text).searchParams.get("widget") : text);

const failed = (error: unknown) => console.error("Usher: no chat.", error);

(() => {
  const running = document.currentScript as HTMLScriptElement | null;
  // When bundled with other scripts, `currentScript` is not ours: search the page's scripts in their order.
  const script = OURS.test(running?.src ?? "")
    ? running
    : document.querySelector<HTMLScriptElement>('script[src*="/embed.js"]:not([data-taken])');
  // A key, or an address with one.
  const named = `${(window as { usherWidget?: string }).usherWidget ?? ""}`;
  try {
    const fetched = performance.getEntriesByType("resource").find(({ name }) => OURS.test(name));
    const address = new URL(script?.src || (OURS.test(named) ? named : `${fetched?.name}`));
    const key = script?.dataset.widget || address.searchParams.get("widget") || keyIn(named);
    if (!key) throw "no data-widget";
    script?.setAttribute("data-taken", "");
    const base = new URL("./", address).href;
    const load = () => import(/* @vite-ignore */ `${base}widget.js`).then((widget) => widget.mount({ base, key })).catch(failed);
    // Safari has no requestIdleCallback; a short delay after `load` replaces it.
    const idle = () => window.requestIdleCallback?.(load, { timeout: 2000 }) ?? setTimeout(load, 200);
    if (document.readyState === "complete") idle();
    else addEventListener("load", idle, { once: true });
  } catch (error) {
    failed(error);
  }
})();

export {};
