import { render } from "preact";
import "./style/index.css";
import { tap } from "./engine/tap";
import { start } from "./state/live";
import { player } from "./state/transport";
import { App } from "./view/app";

// For tests, and for the curious: what is played, and a recorder of what the audio graph puts out.
Object.assign(window, { __studio: { player, tap: (stems: string[], seconds?: number) => tap(player, stems, seconds) } });

start();
render(<App />, document.getElementById("studio")!);
