/**
 * The loader, the one script that a website embeds:
 *
 *     <script async src="https://usher.example/interact/embed.js" data-widget="w…"></script>
 *
 * It waits until the page has loaded and the browser is idle, then fetches the widget from where it came from itself.
 */
(() => {
  // A module script has no currentScript: take the first of ours that has not been taken yet.
  const script =
    (document.currentScript as HTMLScriptElement | null) ??
    document.querySelector<HTMLScriptElement>("script[data-widget]:not([data-taken])");
  const key = script?.dataset.widget;
  if (!script || !key) {
    console.error("Usher: the script tag has no data-widget.");
    return;
  }
  script.dataset.taken = "";
  const base = new URL("./", script.src).href;
  const load = () =>
    import(/* @vite-ignore */ `${base}widget.js`)
      .then((module) => module.mount({ base, key }))
      .catch((error: unknown) => console.error("Usher: the chat could not be loaded.", error));
  // Safari has no requestIdleCallback; a moment after `load` is as good there.
  const idle = () => ("requestIdleCallback" in window ? requestIdleCallback(load, { timeout: 2000 }) : setTimeout(load, 200));
  if (document.readyState === "complete") idle();
  else addEventListener("load", idle, { once: true });
})();

export {};
