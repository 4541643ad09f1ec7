/**
 * The loader, the one script that a website embeds:
 *
 *     <script async src="https://usher.example/interact/embed.js" data-widget="w…"></script>
 *
 * Tag managers strip attributes, insert the script as a module, or fetch and evaluate it: so the key may also stand in
 * the address (`embed.js?widget=w…`) or in `window.usherWidget`. It waits until the page has loaded and the browser is
 * idle, then imports the widget from the address that it came from.
 */
const OURS = /\/embed\.js(\?|$)/;

async function load(base: string, key: string): Promise<void> {
  try {
    (await import(/* @vite-ignore */ `${base}widget.js`)).mount({ base, key });
  } catch (error) {
    console.error("Usher: the chat could not be loaded.", error);
  }
}

(() => {
  const running = document.currentScript as HTMLScriptElement | null;
  // Bundled with other scripts, the running one is not ours. Those of the page are taken in their order.
  const script = OURS.test(running?.src ?? "")
    ? running
    : document.querySelector<HTMLScriptElement>('script[src*="/embed.js"]:not([data-taken])');
  const named = (window as { usherWidget?: string }).usherWidget;
  const fetched = () => performance.getEntriesByType("resource").find((one) => OURS.test(one.name))?.name;
  try {
    const address = new URL(script?.src || fetched() || named || "");
    const key = script?.dataset.widget || address.searchParams.get("widget") || named;
    if (!key) throw address.href;
    script?.setAttribute("data-taken", "");
    const base = new URL("./", address).href;
    const start = () => load(base, key);
    // Safari has no requestIdleCallback; a moment after `load` is as good there.
    const idle = () => ("requestIdleCallback" in window ? requestIdleCallback(start, { timeout: 2000 }) : setTimeout(start, 200));
    if (document.readyState === "complete") idle();
    else addEventListener("load", idle, { once: true });
  } catch (error) {
    console.error("Usher: the script tag names no widget.", error);
  }
})();

export {};
