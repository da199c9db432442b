import type { JSX } from "preact";
import { api } from "../api/client";
import type { Job } from "../api/types";
import { trying } from "../state/errors";
import { taskName } from "../state/live";
import { alive, jobs, openProject, openTake, percentOf, project, projects } from "../state/projects";
import { IconButton } from "./controls";
import { left } from "./format";

const ENDED_SHOWN = 4;

/** What is at work and what waits, of all projects; below, how the latest jobs of this project ended. */
export function Queue(): JSX.Element | null {
  const all = [...jobs.value.values()];
  const open = all.filter(alive).sort((one, two) => (one.state === two.state ? (one.place ?? 0) - (two.place ?? 0) : one.state === "running" ? -1 : 1));
  const ended = all.filter((job) => !alive(job) && job.project === project.value?.id)
    .sort((one, two) => Number(two.ended ?? 0) - Number(one.ended ?? 0)).slice(0, ENDED_SHOWN);
  if (open.length + ended.length === 0) return null;
  return (
    <section class="queue" aria-label="Queue">
      <h2>Queue</h2>
      {open.map((job) => <OpenJob key={job.id} job={job} />)}
      {ended.map((job) => <EndedJob key={job.id} job={job} />)}
    </section>
  );
}

const where = (job: Job): string | null =>
  job.project === project.value?.id ? null : (projects.value?.find((one) => one.id === job.project)?.title ?? "another project");

function OpenJob({ job }: { job: Job }): JSX.Element {
  const running = job.state === "running";
  const percent = percentOf(job);
  const words = !running ? `waits, ${job.place === null || job.place === 0 ? "next" : `place ${job.place + 1}`}` : [`${percent} %`, job.stage, job.eta === null ? null : left(job.eta)].filter(Boolean).join(" · ");
  const elsewhere = where(job);
  return (
    <div class="job">
      <div class="job-line">
        <strong>{taskName(job.task)}</strong>
        {elsewhere !== null && <button type="button" class="link-button" onClick={() => openProject(job.project)}>{elsewhere}</button>}
        <span class="spring" />
        <IconButton icon="close" label={`Cancel ${taskName(job.task)}`} onClick={() => void trying(() => api.cancel(job))} />
      </div>
      <progress class="progress" aria-label={`Progress of ${taskName(job.task)}`} value={running ? (job.fraction ?? 0) : 0} max={1} />
      <div class="job-words">{words}</div>
      <Announcer words={`${taskName(job.task)} ${running ? `${10 * Math.floor(percent / 10)} %` : "waits"}`} />
    </div>
  );
}

/** Says every tenth part of the progress to screen readers. */
const Announcer = ({ words }: { words: string }): JSX.Element => <div class="unseen" role="status">{words}</div>;

const STATES: Record<string, string> = { done: "done", failed: "failed", cancelled: "cancelled" };

function EndedJob({ job }: { job: Job }): JSX.Element {
  const { take } = job;
  return (
    <div class={`job ended ${job.state}`}>
      <div class="job-line">
        <strong>{taskName(job.task)}</strong>
        <span class="job-state">{STATES[job.state]}</span>
        <span class="spring" />
        {job.state === "done" && take !== null && <button type="button" class="link-button" onClick={() => openTake(take)}>Open</button>}
      </div>
      {job.error !== null && <div class="job-words error-words">{job.error}</div>}
    </div>
  );
}
