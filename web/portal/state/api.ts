/** Calls the JSON API: one function for all calls, one error class for all refusals. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null = null,
    /** Seconds to wait before a retry, as the server asks; 0 if it did not. */
    readonly retryAfter: number = 0,
  ) {
    super(message);
  }

  get signedOut(): boolean {
    return this.status === 401;
  }
}

/** Dispatches `signed-out` when the server refuses a call because nobody is signed in. */
export const door = new EventTarget();

/** Longer than any call takes, shorter than users wait before they click again. */
const TIMEOUT_MS = 15_000;

const HEADERS = { accept: "application/json", "x-usher": "1" };

export async function call<T>(method: string, path: string, body?: unknown, keepalive = false): Promise<T> {
  const request: RequestInit = {
    method,
    headers: body === undefined ? HEADERS : { ...HEADERS, "content-type": "application/json" },
    credentials: "same-origin",
    signal: AbortSignal.timeout(TIMEOUT_MS),
    keepalive,
  };
  if (body !== undefined) request.body = JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, request);
  } catch {
    throw new ApiError(0, "offline", "");
  }
  if (response.status === 401) door.dispatchEvent(new Event("signed-out"));
  if (!response.ok) throw await problem(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export async function problem(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("retry-after") ?? 0) || 0;
  try {
    const { error } = (await response.json()) as { error: { code: string; field?: string | null; message: string } };
    return new ApiError(response.status, error.code, error.message, error.field ?? null, retryAfter);
  } catch {
    return new ApiError(response.status, `http_${response.status}`, "", null, retryAfter);
  }
}
