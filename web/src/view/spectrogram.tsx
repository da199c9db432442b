import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { spectrogramUrl } from "../api/client";
import type { Take } from "../api/types";
import { project } from "../state/projects";
import { seconds, seen } from "../state/view";
import { Canvas, type Draw } from "./canvas";

/** The spectrogram of a stem: low notes below, the louder the lighter. */
export function Spectrogram({ take, stem }: { take: Take; stem: string }): JSX.Element {
  const picture = useMemo(() => signal<HTMLImageElement | null>(null), []);
  const id = project.value?.id ?? "";
  useEffect(() => {
    picture.value = null;
    const image = new Image();
    image.onload = () => {
      picture.value = image;
    };
    image.src = spectrogramUrl(id, take, stem);
    return () => {
      image.onload = null;
    };
  }, [id, take.id, take.created, stem, take.whole]);
  const draw = useMemo<Draw>(() => (context, width, height) => {
    const image = picture.value;
    if (image === null) return;
    const { from, to } = seen.value;
    const whole = seconds.value;
    context.drawImage(image, (image.width * from) / whole, 0, (image.width * (to - from)) / whole, image.height, 0, 0, width, height);
  }, []);
  return <Canvas draw={draw} label={`Spectrogram of ${stem}`} kind="spectrogram" />;
}
