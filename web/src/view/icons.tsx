import type { JSX } from "preact";

const PATHS: Record<string, JSX.Element> = {
  play: <path d="M7 4.500v15l12-7.500z" fill="currentColor" stroke="none" />,
  pause: <path d="M7 5h3.500v14H7zM13.500 5H17v14h-3.500z" fill="currentColor" stroke="none" />,
  stop: <path d="M6 6h12v12H6z" fill="currentColor" stroke="none" />,
  loop: <path d="M4 12V10a3 3 0 0 1 3-3h12l-3-3M20 12v2a3 3 0 0 1-3 3H5l3 3" />,
  menu: <path d="M4 7h16M4 12h16M4 17h16" />,
  close: <path d="M6 6l12 12M18 6L6 18" />,
  plus: <path d="M12 5v14M5 12h14" />,
  minus: <path d="M5 12h14" />,
  sun: <><circle cx="12" cy="12" r="4" /><path d="M12 2v2.500M12 19.500V22M2 12h2.500M19.500 12H22M5 5l1.800 1.800M17.200 17.200L19 19M19 5l-1.800 1.800M6.800 17.200L5 19" /></>,
  moon: <path d="M20 14.500A8.500 8.500 0 1 1 9.500 4a7 7 0 0 0 10.500 10.500z" />,
  help: <><circle cx="12" cy="12" r="9" /><path d="M9.500 9.500a2.500 2.500 0 1 1 3.500 2.300c-.700.300-1 .800-1 1.700M12 16.700v.1" /></>,
  download: <path d="M12 4v11M7.500 11L12 15.500 16.500 11M5 20h14" />,
  trash: <path d="M5 7h14M10 7V4.500h4V7M7 7l1 13h8l1-13" />,
  pencil: <path d="M4 20l1-4L16 5l3 3L8 19zM14 7l3 3" />,
  notes: <path d="M9 18V6l10-2v12M9 18a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0zM19 16a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0z" />,
  roll: <path d="M4 6h7M9 12h8M5 18h6M15 18h5" stroke-width="3" />,
  spectrum: <path d="M4 20V10M8 20V6M12 20v-8M16 20V4M20 20v-6" />,
  again: <path d="M19 12a7 7 0 1 1-2-5M19 4v4h-4" />,
  drop: <path d="M12 15V4M7.500 8.500L12 4l4.500 4.500M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3" />,
  undo: <path d="M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10h-3" />,
  swap: <path d="M7 4L3.500 7.500 7 11M3.500 7.500H17M17 13l3.500 3.500L17 20M20.500 16.500H7" />,
  fit: <path d="M4 5v14M20 5v14M8 12h8M10.500 9.500L8 12l2.500 2.500M13.500 9.500L16 12l-2.500 2.500" />,
};

/** A drawing of 24 by 24 units; the control around it says in words what it is. */
export function Icon({ name, size = 18 }: { name: string; size?: number }): JSX.Element {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8"
         stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      {PATHS[name]}
    </svg>
  );
}
