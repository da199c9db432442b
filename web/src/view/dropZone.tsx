import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { about } from "../state/projects";
import { wish, wishes } from "../state/tasks";
import { dropSong, sending } from "../state/upload";
import { Choice } from "./controls";
import { capital } from "./format";
import { Icon } from "./icons";

const over = signal(false);

const QUALITY: Record<string, string> = { draft: "Draft: fastest", normal: "Normal", best: "Best: slowest" };
export const qualityOptions = (): [string, string][] => (about.value?.qualities ?? ["draft", "normal", "best"]).map((one) => [one, QUALITY[one] ?? capital(one)]);

/** Files may be dropped anywhere on the page. */
export function useDrops(): void {
  useEffect(() => {
    const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent): void => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      over.value = true;
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) over.value = false;
    };
    const drop = (event: DragEvent): void => {
      over.value = false;
      if (!holdsFiles(event)) return;
      event.preventDefault();
      void dropSong([...(event.dataTransfer?.files ?? [])]);
    };
    addEventListener("dragover", enter);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", enter);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
}

export function DropCover(): JSX.Element | null {
  return over.value ? <div class="drop-cover"><div><Icon name="drop" size={40} /><p>Drop the song to separate it</p></div></div> : null;
}

/** What becomes of a song that is dropped; nothing is promised before the server said what it is. */
function whereItGoes(): string {
  const heard = "You hear the stems while they are made.";
  if (about.value === null) return heard;
  if (!about.value.open) return "It stays on this computer, and you hear the stems while they are made.";
  return `${heard} Songs that are uploaded are removed from the server after a day; takes made of them stay.`;
}

/** Where a song comes in. */
export function DropZone(): JSX.Element {
  const now = sending.value;
  return (
    <div class="drop-zone">
      <div class="drop-art" aria-hidden="true">{["bass", "drums", "guitar", "piano", "vocals", "other"].map((stem) => <i key={stem} style={{ background: `var(--stem-${stem})` }} />)}</div>
      {now === null ? (
        <>
          <h2>Drop a song here</h2>
          <p class="soft">WAV, MP3, FLAC, M4A, … {whereItGoes()}</p>
          <div class="drop-choices">
            <label class="button primary file-button">
              <Icon name="drop" size={16} /> Choose a file
              <input type="file" accept="audio/*,video/*" onChange={(event) => { void dropSong([...(event.currentTarget.files ?? [])]); event.currentTarget.value = ""; }} />
            </label>
            <Choice label="Quality" value={wishes.value.quality} options={qualityOptions()} onChange={(quality) => wish({ quality })} />
          </div>
        </>
      ) : <Sending />}
    </div>
  );
}

/** How far a file is on its way. */
export function Sending(): JSX.Element | null {
  const now = sending.value;
  if (now === null) return null;
  return (
    <div class="sending" role="status">
      <span>{now.fraction < 1 ? "Sending" : "Reading"} {now.name}</span>
      <progress class="progress" aria-label={`Sending ${now.name}`} value={now.fraction < 1 ? now.fraction : undefined} max={1} />
    </div>
  );
}
