/** Signals a new offer by title, desktop notification and sound, as the user's preferences say. */
import { offerKey, type Task } from "./types.js";
import { delivered, reportSurface } from "./state/actions.js";
import { session } from "./state/session.js";
import { t } from "./i18n.js";

const SOUND_KEY = "usher.sound";

export type Permission = NotificationPermission | "unsupported";

/** Chrome on Android has `Notification` and its permission, but throws at every `new Notification`. */
let cannotShow = false;

export const permission = (): Permission =>
  "Notification" in window && !cannotShow ? Notification.permission : "unsupported";

/** True if a hidden tab can still notify the user. */
export const canNotify = (): boolean => permission() === "granted" && session.snapshot?.me.notifications === true;

export const soundOn = (): boolean => localStorage.getItem(SOUND_KEY) === "on";

export function setSound(on: boolean): void {
  if (on) {
    localStorage.setItem(SOUND_KEY, "on");
    chime();
  } else {
    localStorage.removeItem(SOUND_KEY);
  }
}

/** Two short, low tones. */
function chime(): void {
  try {
    play();
  } catch {
    // Without a sound device the page is silent; the offer is still shown.
  }
}

function play(): void {
  const audio = new AudioContext();
  for (const [index, pitch] of [523.25, 659.25].entries()) {
    const start = audio.currentTime + index * 0.18;
    const tone = new OscillatorNode(audio, { frequency: pitch, type: "sine" });
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.linearRampToValueAtTime(0.12, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.5);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.5);
  }
  setTimeout(() => void audio.close(), 1_500);
}

/** Offers that this page has announced, and the notifications that are still shown, by `offerKey`. */
const told = new Set<string>();
const confirmed = new Set<string>();
const shown = new Map<string, Notification>();

/** Does nothing if the browser has no notifications: the server learns that a hidden page does not reach the user. */
function show(task: Task, key: string): void {
  let note: Notification;
  try {
    note = new Notification(t("notice.offer", { customer: task.customer }), {
      body: task.first_message === "" ? task.service_name : `${task.service_name}: ${task.first_message}`,
      tag: `usher-${key}`,
      icon: "/portal/static/icon.svg",
      requireInteraction: true,
    });
  } catch {
    cannotShow = true;
    report();
    return;
  }
  note.onclick = () => {
    window.focus();
    note.close();
  };
  shown.set(key, note);
}

/** The offer has arrived once the user can see it: the time to answer starts now. */
function confirm(task: Task, key: string): void {
  if (confirmed.has(key) || task.deadline_at !== null) return;
  if (document.hidden && !shown.has(key)) return;
  confirmed.add(key);
  delivered(task).catch(() => confirmed.delete(key));
}

function offersChanged(): void {
  const open = new Set<string>();
  for (const task of session.tasks()) {
    const key = offerKey(task);
    if (key === null) continue;
    open.add(key);
    if (!told.has(key)) {
      told.add(key);
      if (document.hidden && canNotify()) show(task, key);
      if (soundOn()) chime();
    }
    confirm(task, key);
  }
  for (const [key, note] of shown) {
    if (open.has(key)) continue;
    note.close();
    shown.delete(key);
  }
  titleChanged(open.size);
}

let pageTitle = "";

export function setTitle(title: string): void {
  pageTitle = title;
  titleChanged(session.tasks().filter((task) => task.state === "offered").length);
}

function titleChanged(offers: number): void {
  const title = pageTitle === "" ? "Usher" : `${pageTitle} · Usher`;
  document.title = offers > 0 ? `(${offers}) ${t("notice.title")} · Usher` : title;
}

function report(): void {
  if (session.phase !== "ready") return;
  reportSurface(document.hidden, canNotify()).catch(() => undefined);
}

/** Answers every second heartbeat, that is every 10 s: a frozen or sleeping page does not answer. */
const BEATS_PER_REPORT = 2;

export function startNotices(): void {
  let reported = "";
  session.addEventListener("change", () => {
    offersChanged();
    const now = `${session.connected} ${canNotify()}`;
    if (session.connected && now !== reported) report();
    reported = now;
  });
  session.addEventListener("beat", () => {
    if (session.beats % BEATS_PER_REPORT === 0) report();
  });
  document.addEventListener("visibilitychange", () => {
    report();
    offersChanged();
  });
}
