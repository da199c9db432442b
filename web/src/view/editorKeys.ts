import type { Note } from "../api/types";
import { added, changed, grid, moved, neighbour, removed, resized } from "../state/editing";

interface Desk {
  list: readonly Note[];
  selected: number;
  place: number;
  select(index: number): void;
  commit(list: readonly Note[]): void;
  undo(): void;
}

/** The editor by keyboard; true if the key meant something. */
export function editorKey(event: KeyboardEvent, desk: Desk): boolean {
  const { list, selected, select, commit } = desk;
  const note = list[selected];
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") return act(desk.undo);
  if (event.ctrlKey || event.metaKey) return false;
  switch (event.key) {
    case "n":
      return act(() => select(neighbour(list, selected, 1)));
    case "p":
      return act(() => select(neighbour(list, selected, -1)));
    case "Enter": {
      const made = added(list, desk.place, note?.pitch ?? 60);
      return act(() => { commit(made.list); select(made.index); });
    }
    case "Escape":
      return selected >= 0 && act(() => select(-1));
  }
  if (note === undefined) return false;
  const { step } = grid(note.start);
  switch (event.key) {
    case "Delete":
    case "Backspace":
      return act(() => { commit(removed(list, selected)); select(-1); });
    case "ArrowRight":
    case "ArrowLeft": {
      const by = event.key === "ArrowRight" ? step : -step;
      return act(() => commit(event.shiftKey ? resized(list, selected, note.stop + by) : moved(list, selected, by, 0)));
    }
    case "ArrowUp":
    case "ArrowDown": {
      const sign = event.key === "ArrowUp" ? 1 : -1;
      if (event.altKey) return act(() => commit(changed(list, selected, { velocity: note.velocity + 5 * sign })));
      return act(() => commit(moved(list, selected, 0, sign * (event.shiftKey ? 12 : 1))));
    }
  }
  return false;
}

function act(what: () => void): true {
  what();
  return true;
}
