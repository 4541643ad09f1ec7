/** The JSON API's answers: the same types as in portal/schemas.py, from which /api/v1/openapi.json is made. */

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

/** A code or a sentence from the server, in the user's language. */
export interface Words {
  code: string;
  text: string;
}

/** An earlier agent's notes on the chat. */
export interface Noted {
  /** "" if the user no longer exists. */
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
  /** Set once the offer has arrived on a surface: the time to answer starts then. */
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
  /** The result of this user's offer, if they did not accept it. */
  my_result: OfferResult | null;
  codes: string[];
  tags: string[];
  note: string;
  noted_before: Noted[];
  visitor_here: boolean;
  visitor_grace_until_at: number | null;
  chat_url: string | null;
  /** The target of this user's transfer; "" if there is none. */
  handed_to: string;
  handed_until_at: number | null;
  /** Who transfers or transferred it to this user; "" if nobody. */
  handed_by: string;
}

/** Identifies an offer: offers are numbered within a task. null: nothing is offered. */
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
  /** "" stands for direct chats with this user. */
  id: string;
  name: string;
  selectable: boolean;
  reasons: Words[];
}

export interface AgentState {
  on_duty: boolean;
  presence: string;
  /** The reason chosen for not being available; null if available. */
  unavailable: Words | null;
  not_available: Words[];
  rona: boolean;
  rona_until_at: number | null;
  services: AgentService[];
}

export interface Registration {
  registered: boolean;
  since_at: number | null;
  /** Reasons for which this user can be offered no chat at all. */
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
  /** The services that this user supervises. */
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
  /** This user may pick one of these. */
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

/** A snapshot has all parts, an update those that changed. */
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
  /** A sentence about the verdict; "" if the action succeeded as requested. */
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
  /** Names of the agents who are offered it or have it. */
  agents: string[];
  /** A sentence: why its room could not be opened or was lost; empty if neither. */
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
  /** Reasons for which the service can offer no chats. */
  notices: Words[];
  agents: TeamAgent[];
}

export interface TeamTasks {
  service: string;
  waiting: TeamTask[];
  running: TeamTask[];
  /** How many chats would end with "End all"; more than are listed if many wait. */
  all: number;
}

export interface TargetService {
  id: string;
  name: string;
  /** How many other agents could be offered it now. */
  free: number;
}

export interface TargetAgent {
  user: string;
  name: string;
  free: boolean;
  reason: string;
}

/** The possible targets of a transfer. */
export interface Targets {
  services: TargetService[];
  agents: TargetAgent[];
}
