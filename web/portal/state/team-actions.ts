/** A supervisor's actions on a service; the journal records who it was. */
import type { Priority, TaskAnswer } from "../types.js";
import { call } from "./api.js";

const onTask = (task: string, verb: string, body: unknown = {}): Promise<TaskAnswer> =>
  call<TaskAnswer>("POST", `/tasks/${task}/${verb}`, body);

export const setPriority = (task: string, priority: Priority): Promise<TaskAnswer> => onTask(task, "priority", { priority });
export const assign = (task: string, user: string): Promise<TaskAnswer> => onTask(task, "assign", { user });
export const cancel = (task: string): Promise<TaskAnswer> => onTask(task, "cancel");
export const end = (task: string): Promise<TaskAnswer> => onTask(task, "terminate");

/** All chats of the service. */
export const endAll = (service: string): Promise<{ ended: number }> => call("POST", `/services/${service}/end-all`, {});

export const setAgentDuty = (service: string, user: string, on: boolean): Promise<void> =>
  call("POST", `/services/${service}/agents/${user}/duty`, { on });
export const resetAgentRona = (service: string, user: string): Promise<void> =>
  call("POST", `/services/${service}/agents/${user}/rona/reset`, {});
