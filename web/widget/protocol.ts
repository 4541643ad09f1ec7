/** The protocol between the widget and the visitor API. Instants are milliseconds since the epoch. */

/** The owner's settings of the widget: `GET v1/widgets/{key}`. */
export interface Config {
  key: string;
  name: string;
  open: boolean;
  missing?: { code: string; message: string }[];
  ask: { name: Ask; email: Ask };
  greeting: string;
  privacy: { text: string; url: string; tick: boolean };
  colour: string;
  presence: "available" | "busy" | "away" | "offline" | "closed" | null;
}

export type Ask = "no" | "optional" | "required";

/** The state of a chat; before the server's first frame only `state` is known. */
export interface Status {
  state: "new" | "waiting" | "connected" | "ended";
  service?: string;
  agent?: string | null;
  notice?: "idle" | "passed_on" | null;
  position?: number | null;
  outcome?: string | null;
  visitor_ended?: boolean;
}

export type Sender = "visitor" | "agent" | "system";

export interface MessageFrame {
  type: "message";
  seq: number;
  sender: Sender;
  author: string;
  text: string;
  at: number;
  id: string;
  kind: "text" | "edit" | "delete";
  refers_to: number | null;
}

export interface ErrorFrame {
  type: "error";
  code: string;
  field?: string | null;
  message: string;
  id?: string | null;
  after_seconds?: number;
}

export type ServerFrame =
  | { type: "welcome"; last: number; status: Status }
  | MessageFrame
  | { type: "ack"; id: string; seq: number; at: number }
  | { type: "status"; status: Status }
  | { type: "typing" }
  | { type: "beat"; last: number }
  | { type: "retry"; after_seconds: number }
  | { type: "park" }
  | { type: "delivery"; late_from: number | null; failed: number[] }
  | ErrorFrame;

export interface Hello {
  type: "hello";
  token: string;
  after: number;
  hidden: boolean;
}

export type ClientFrame =
  | Hello
  | { type: "say"; id: string; text: string }
  | { type: "typing" }
  | { type: "leave" }
  | { type: "pong" }
  | { type: "visibility"; hidden: boolean };

/** Maximum length of a message that the server accepts, in Unicode code points. */
export const LONGEST_TEXT = 8000;
