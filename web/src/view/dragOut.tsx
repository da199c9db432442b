import type { ComponentChildren, JSX } from "preact";

interface DragOutProps {
  href: string;
  name: string;
  type: string;
  label: string;
  kind?: string;
  children: ComponentChildren;
}

/** A link to a file that can also be dragged to the desktop or into a DAW (Chromium; elsewhere a link is dragged). */
export function DragOut({ href, name, type, label, kind = "", children }: DragOutProps): JSX.Element {
  const start = (event: DragEvent): void => {
    const address = new URL(href, location.href).href;
    event.dataTransfer?.setData("DownloadURL", `${type}:${name}:${address}`);
    event.dataTransfer?.setData("text/uri-list", address);
    if (event.dataTransfer !== null) event.dataTransfer.effectAllowed = "copy";
  };
  return (
    <a class={`drag-out ${kind}`} href={href} download={name} draggable aria-label={label} title={`${label}: click, or drag it out`} onDragStart={start}>
      {children}
    </a>
  );
}
