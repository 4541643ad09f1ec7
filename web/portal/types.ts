/** What the JSON API answers: the same shapes as portal/schemas.py, which makes /api/v1/openapi.json. */

export type TaskState = "arriving" | "queued" | "offered" | "connecting" | "active" | "acw" | "closed";

export type Priority = "strict" | "high" | "normal" | "low";

export type Outcome =
  | "handled"
  | "abandoned_in_workflow"
  | "abandoned_in_queue"
  | "abandoned_while_offered"
  | "not_answered"
  | "declined_by_all"
  | "queue_limit"
  | "outside_hours"
  | "visitor_gone"
  | "idle"
  | "cancelled"
  | "stale"
  | "error";

export type OfferResult = "accepted" | "declined" | "rona" | "undelivered" | "withdrawn" | "failed";

export type Language = "en" | "de" | "fr" | "it";
export type ThemeChoice = "light" | "dark" | "system" | "teams";

/** A code or a sentence of the server's, already in the user's language. */
export interface Words {
  code: string;
  text: string;
}

/** What a colleague noted of a chat that he had before. */
export interface Noted {
  /** "" when nobody knows him any more. */
  name: string;
  codes: string[];
  tags: string[];
  note: string;
}

export interface Task {
  id: string;
  state: TaskState;
  revision: number;
  /** null: the visitor asked for this user, not for a service. */
  service: string | null;
  service_name: string;
  customer: string;
  page: string;
  first_message: string;
  created_at: number;
  since_at: number;
  offer: string | null;
  offered_at: number | null;
  /** Set once the offer has arrived somewhere: the time to answer counts from there. */
  deadline_at: number | null;
  offer_seconds: number;
  accepted_at: number | null;
  active_at: number | null;
  ended_at: number | null;
  ended_by: string | null;
  acw_until_at: number | null;
  acw_can_extend: boolean;
  closed_at: number | null;
  outcome: Outcome | null;
  /** How this user's own part ended, when he was asked and did not take it. */
  my_result: OfferResult | null;
  codes: string[];
  tags: string[];
  note: string;
  noted_before: Noted[];
  visitor_here: boolean;
  visitor_grace_until_at: number | null;
  chat_url: string | null;
  /** To whom this user is handing it on; "" when he is not. */
  handed_to: string;
  handed_until_at: number | null;
  /** Who is handing it on, or did; "" when nobody. */
  handed_by: string;
}

/** What tells one offer from all others: offers are counted within a task. null: nothing is offered. */
export const offerKey = (task: Task): string | null => (task.state === "offered" && task.offer !== null ? `${task.id}-${task.offer}` : null);

export interface CodeCategory {
  category: string;
  required: boolean;
  codes: string[];
}

export interface Service {
  id: string;
  name: string;
  codes: CodeCategory[];
  tags: string[];
}

export interface AgentService {
  /** "" stands for chats straight to this user. */
  id: string;
  name: string;
  selectable: boolean;
  reasons: Words[];
}

export interface AgentState {
  on_duty: boolean;
  presence: string;
  /** The reason he gave for not being available; null when he is. */
  unavailable: Words | null;
  not_available: Words[];
  rona: boolean;
  rona_until_at: number | null;
  services: AgentService[];
}

export interface Registration {
  registered: boolean;
  since_at: number | null;
  /** What stands against chats reaching this user at all. */
  missing: Words[];
}

export interface ServiceName {
  id: string;
  name: string;
}

export interface Me {
  tenant: string;
  tenant_name: string;
  user: string;
  upn: string;
  name: string;
  roles: string[];
  /** The services whose team and waiting chats are this user's business. */
  supervises: ServiceName[];
  language: Language;
  theme: ThemeChoice;
  notifications: boolean;
  /** For admins: what is wrong with this installation now. */
  notices: { code: string; text: string }[];
}

export interface WaitingTask {
  id: string;
  customer: string;
  position: number;
  since_at: number;
  priority: Priority;
}

export interface WaitingService {
  service: string;
  name: string;
  /** This user may take one of these himself. */
  may_pick: boolean;
  tasks: WaitingTask[];
}

export interface Pieces {
  me: Me;
  registration: Registration;
  agent: AgentState | null;
  services: Service[];
  offers: Task[];
  open: Task[];
  waiting: WaitingService[];
  past: Task[];
}

/** A snapshot holds all pieces, an update those that changed. */
export interface Snapshot extends Pieces {
  revision: string;
  at: number;
}

export interface Update {
  revision: string;
  at: number;
  pieces: Partial<Pieces>;
}

export interface TaskAnswer {
  verdict: string;
  /** What there is to say about the verdict; "" when all went as asked. */
  message: string;
  task: Task | null;
}

export interface TranscriptMessage {
  seq: number;
  sender: "visitor" | "agent" | "system" | "note";
  author: string;
  text: string;
  at: number;
  edited: boolean;
  deleted: boolean;
}

export interface Transcript {
  task: string;
  customer: string;
  service_name: string;
  messages: TranscriptMessage[];
}

export interface TeamTask {
  id: string;
  customer: string;
  state: TaskState;
  priority: Priority;
  position: number | null;
  level: number;
  since_at: number;
  active_at: number | null;
  /** Names of those who are asked, or who have it. */
  agents: string[];
  /** Why its room could not be opened, or was lost, in words; empty when nothing is wrong. */
  trouble: string;
  paused_until_at: number | null;
  /** Messages of the customer that have not reached the room for 10 s or more, and when the first was written. */
  backlog: number;
  backlog_since_at: number | null;
}

export interface TeamAgent {
  user: string;
  name: string;
  selectable: boolean;
  reasons: Words[];
  level: number | null;
  on_duty: boolean;
  presence: string;
  unavailable: string;
  rona: boolean;
  rona_until_at: number | null;
  idle_since_at: number | null;
  chats: number;
}

export interface Team {
  service: string;
  name: string;
  /** 0: the service has no levels. */
  levels: number;
  /** What stands against the service itself. */
  notices: Words[];
  agents: TeamAgent[];
}

export interface TeamTasks {
  service: string;
  waiting: TeamTask[];
  running: TeamTask[];
  /** How many chats would end with "End all"; more than are listed where many wait. */
  all: number;
}

export interface TargetService {
  id: string;
  name: string;
  /** How many others could be asked at once. */
  free: number;
}

export interface TargetAgent {
  user: string;
  name: string;
  free: boolean;
  reason: string;
}

/** Where a chat could be handed to. */
export interface Targets {
  services: TargetService[];
  agents: TargetAgent[];
}
