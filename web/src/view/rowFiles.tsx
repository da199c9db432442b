import type { JSX } from "preact";
import type { StemOfTake, Take } from "../api/types";
import { project } from "../state/projects";
import { filesOf } from "../state/files";
import { DragOut } from "./dragOut";

/** The files of a stem, to click or to drag out. */
export function RowFiles({ take, stem }: { take: Take; stem: StemOfTake }): JSX.Element {
  const files = filesOf(project.value?.id ?? "", take, stem.name);
  return (
    <>
      {files.map(({ href, name, type, word }) => (
        <DragOut key={word} href={href} name={name} type={type} label={`${word} of ${stem.name}`}>{word}</DragOut>
      ))}
    </>
  );
}
